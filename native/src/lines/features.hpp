// Features of one line that are decided character by character (lines.cpp), for the line table's two ways of measuring.
#pragma once

#include "lines/byline.hpp"
#include "lines/page.hpp"

namespace hanflow {

bool is_numeral(uint32_t cp);
bool is_syntax(uint32_t cp);
bool is_dateline(uint32_t a, uint32_t b, uint32_t c);
StartKind start_kind(const Chars& t);
EndKind end_kind(const Chars& t, Bylines& bylines);
bool is_table(const Chars& t, const Line& line);
// The number of at most four digits behind the last gap, that closes a line of contents; -1: none does.
int page_number(const Chars& t);
// A section number of digits and points, or 第 … 章, gaps left out.
bool opens_contents(const Chars& t);
bool is_parted(const Chars& t, const Line& line);
// syntax: signs of programs in it; length: its characters.
bool is_code(const Line& line, const CodeUnit* data, const uint8_t* classes, int syntax, int length);
// What the line is in a vertical run. seen: its visible characters, the first four of them in first.
Unit unit_of(const Chars& t, int seen, const int* first);

}  // namespace hanflow
