"""The extension and its compiler flags; everything else stands in pyproject.toml."""
import sys
from glob import glob
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

FLAGS = {
    "msvc": ["/std:c++17", "/O2", "/utf-8", "/EHsc"],
    # -g0: distutils inherits -g from the interpreter's own build. Nothing here depends on the machine that builds.
    "unix": ["-std=c++17", "-O3", "-g0", "-fvisibility=hidden"],
}


class BuildExt(build_ext):
    def build_extensions(self):
        for extension in self.extensions:
            extension.extra_compile_args = FLAGS.get(self.compiler.compiler_type, FLAGS["unix"])
        super().build_extensions()


def sources(pattern):
    return sorted(Path(path).as_posix() for path in glob(pattern, recursive=True))


core = Extension(
    "hanflow._core",
    sources=["src/hanflow/_core.pyx", *sources("native/src/**/*.cpp")],
    # Rebuilt when any of these changes, so that an editable install never runs an old core.
    depends=sources("native/**/*.hpp") + sources("native/**/*.h") + sources("native/**/*.in[cl]"),
    include_dirs=["native/include", "native/src"],
    extra_link_args=[] if sys.platform in ("win32", "darwin") else ["-Wl,-s", "-pthread"],
    language="c++",
)

setup(ext_modules=[core], cmdclass={"build_ext": BuildExt})
