"""Holds page.txt, the page that `hanflow demo` shows: invented text with the damage of typeset pages."""
