// Why lines are read as characters, counted in builds for benchmarks/stages.py only (-DHANFLOW_COUNT).
#pragma once

#ifdef HANFLOW_COUNT
namespace hanflow {
struct Line;
void count_read(const Line& line, const char* why);  // benchmarks/stages.cpp
}  // namespace hanflow
#define HANFLOW_COUNT_READ(line, why) ::hanflow::count_read(line, why)
#else
#define HANFLOW_COUNT_READ(line, why) static_cast<void>(why)
#endif
