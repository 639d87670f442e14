"""Open a LiteRT file in its interpreter: the one place where the course does that."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter


def open_litert(file: bytes | str | os.PathLike, delegates: bool = True) -> "Interpreter":
    """Open a LiteRT file in an interpreter, which holds no memory for tensors yet.

    Parameters
    ----------
    file : bytes, str or path
        the content of a LiteRT file, or its path
    delegates : bool
        whether LiteRT may use its faster kernels, XNNPACK. It announces these on standard error.

    Returns
    -------
    ai_edge_litert.interpreter.Interpreter

    Raises
    ------
    ValueError
        LiteRT cannot read the file
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    options = {"model_content": file} if isinstance(file, bytes) else {"model_path": str(file)}
    if not delegates:
        plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        options["experimental_op_resolver_type"] = plain
    return Interpreter(**options)
