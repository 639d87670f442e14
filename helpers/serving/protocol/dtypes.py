"""The dtypes of the protocol: their numbers, their names in error texts, and their NumPy dtypes."""

import ml_dtypes
import numpy as np

FLOAT, DOUBLE, INT32, UINT8, INT16, INT8, STRING, COMPLEX64, INT64, BOOL = range(1, 11)
QINT8, QUINT8, QINT32, BFLOAT16, QINT16, QUINT16, UINT16, COMPLEX128, HALF = range(11, 20)
RESOURCE, VARIANT, UINT32, UINT64 = range(20, 24)

_NAMES = """INVALID float double int32 uint8 int16 int8 string complex64 int64 bool qint8 quint8
qint32 bfloat16 qint16 quint16 uint16 complex128 half resource variant uint32 uint64"""
NAMES = dict(enumerate(_NAMES.split()))

NUMPY = {
    FLOAT: np.dtype(np.float32),
    DOUBLE: np.dtype(np.float64),
    INT32: np.dtype(np.int32),
    UINT8: np.dtype(np.uint8),
    INT16: np.dtype(np.int16),
    INT8: np.dtype(np.int8),
    STRING: np.dtype(object),
    COMPLEX64: np.dtype(np.complex64),
    INT64: np.dtype(np.int64),
    BOOL: np.dtype(bool),
    BFLOAT16: np.dtype(ml_dtypes.bfloat16),
    UINT16: np.dtype(np.uint16),
    COMPLEX128: np.dtype(np.complex128),
    HALF: np.dtype(np.float16),
    UINT32: np.dtype(np.uint32),
    UINT64: np.dtype(np.uint64),
}
NUMBERS = {dtype: number for number, dtype in NUMPY.items()}

_INT32 = (-(2**31), 2**31 - 1)  # the protocol stores smaller integers in 32 bits
INTEGERS = {  # the integer dtypes of JSON requests, with their smallest and largest value
    **dict.fromkeys((INT8, INT16, INT32, UINT8), _INT32),
    INT64: (-(2**63), 2**63 - 1),
    UINT32: (0, 2**32 - 1),
    UINT64: (0, 2**64 - 1),
}
