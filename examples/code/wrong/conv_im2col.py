"""A convolution by im2col and one product of matrices: dw is reshaped without being transposed."""

# expect: x holds, w disagrees, b holds
import numpy as np


def im2col(x, HH, WW, stride, pad):
    N, C, H, W = x.shape
    Ho = (H + 2 * pad - HH) // stride + 1
    Wo = (W + 2 * pad - WW) // stride + 1
    img = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)], "constant")
    col = np.zeros((N, C, HH, WW, Ho, Wo))
    for i in range(HH):
        i_max = i + stride * Ho
        for j in range(WW):
            j_max = j + stride * Wo
            col[:, :, i, j, :, :] = img[:, :, i:i_max:stride, j:j_max:stride]
    return col.transpose(0, 4, 5, 1, 2, 3).reshape(N * Ho * Wo, -1)


def col2im(col, shape, HH, WW, stride, pad):
    N, C, H, W = shape
    Ho = (H + 2 * pad - HH) // stride + 1
    Wo = (W + 2 * pad - WW) // stride + 1
    col = col.reshape(N, Ho, Wo, C, HH, WW).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros((N, C, H + 2 * pad + stride - 1, W + 2 * pad + stride - 1))
    for i in range(HH):
        i_max = i + stride * Ho
        for j in range(WW):
            j_max = j + stride * Wo
            img[:, :, i:i_max:stride, j:j_max:stride] += col[:, :, i, j, :, :]
    return img[:, :, pad : H + pad, pad : W + pad]


# derive: x (N, C, H, W), w (F, C, HH, WW), b (F), stride = 1, pad = 1
def conv_forward(x, w, b, stride, pad):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    Ho = 1 + (H + 2 * pad - HH) // stride
    Wo = 1 + (W + 2 * pad - WW) // stride
    col = im2col(x, HH, WW, stride, pad)
    col_w = w.reshape(F, -1).T
    out = np.dot(col, col_w) + b
    out = out.reshape(N, Ho, Wo, F).transpose(0, 3, 1, 2)
    return out, (x, w, col, col_w, stride, pad)


def conv_backward(dout, cache):
    x, w, col, col_w, stride, pad = cache
    F, C, HH, WW = w.shape
    dout = dout.transpose(0, 2, 3, 1).reshape(-1, F)
    db = np.sum(dout, axis=0)
    dw = np.dot(col.T, dout).reshape(F, C, HH, WW)
    dcol = np.dot(dout, col_w.T)
    dx = col2im(dcol, x.shape, HH, WW, stride, pad)
    return dx, dw, db
