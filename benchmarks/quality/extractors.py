"""What a user would run on a PDF. Each takes a path and gives the text; those that are not installed are left out."""
import shutil
import subprocess


def pdfminer(path):
    from pdfminer.high_level import extract_text
    return extract_text(path)


def pypdf(path):
    from pypdf import PdfReader
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


def pdfium(path):
    import pypdfium2
    document = pypdfium2.PdfDocument(path)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def pymupdf(path):
    import pymupdf
    with pymupdf.open(path) as document:
        return "\f".join(page.get_text() for page in document)


def pymupdf_blocks(path):
    import pymupdf
    with pymupdf.open(path) as document:
        return "\n".join(block[4].rstrip("\n") + "\n" for page in document for block in page.get_text("blocks") if block[6] == 0)


def pdftotext(*options):
    def extract(path):
        return subprocess.run(["pdftotext", *options, path, "-"], check=True, stdout=subprocess.PIPE).stdout.decode("utf8")
    return extract


ALL = {
    "pdfminer": pdfminer,
    "pypdf": pypdf,
    "pdfium": pdfium,
    "pymupdf": pymupdf,
    "pymupdf-blocks": pymupdf_blocks,
    "pdftotext": pdftotext(),
    "pdftotext-layout": pdftotext("-layout"),
    "pdftotext-raw": pdftotext("-raw"),
}


def present():
    out = {}
    for name, extract in ALL.items():
        if name.startswith("pdftotext"):
            if shutil.which("pdftotext"):
                out[name] = extract
            continue
        module = {"pdfminer": "pdfminer", "pypdf": "pypdf", "pdfium": "pypdfium2"}.get(name, "pymupdf")
        try:
            __import__(module)
        except ImportError:
            continue
        out[name] = extract
    return out
