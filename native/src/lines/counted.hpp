// How many lines are measured, and why some are read as characters: counted in builds for benchmarks/stages.py only (-DHANFLOW_COUNT).
#pragma once

#ifdef HANFLOW_COUNT
namespace hanflow {
struct Line;
void count_line();
void count_read(const Line& line, const char* why);  // benchmarks/stages.cpp
}  // namespace hanflow
#define HANFLOW_COUNT_READ(line, why) ::hanflow::count_read(line, why)
#define HANFLOW_COUNT_LINE() ::hanflow::count_line()
#else
#define HANFLOW_COUNT_READ(line, why) static_cast<void>(why)
#define HANFLOW_COUNT_LINE() static_cast<void>(0)
#endif
