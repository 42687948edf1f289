const filter = document.querySelector(".filter");
const shown = document.querySelector(".shown");
filter.hidden = false;
function apply() {
  const kept = new Set([...filter.querySelectorAll("input:checked")].map((box) => box.value));
  let count = 0;
  for (const claim of document.querySelectorAll(".claim")) {
    claim.hidden = !kept.has(claim.dataset.status);
    count += claim.hidden ? 0 : 1;
  }
  for (const section of document.querySelectorAll("main section")) {
    const claims = section.querySelectorAll(".claim");
    section.hidden = claims.length > 0 && [...claims].every((claim) => claim.hidden);
  }
  for (const link of document.querySelectorAll("nav a")) {
    link.parentElement.hidden = document.getElementById(link.hash.slice(1)).parentElement.hidden;
  }
  shown.textContent = `${count} shown`;
}
filter.addEventListener("change", apply);
apply();
