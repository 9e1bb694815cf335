// What this process uses, as the kernel says.
#pragma once

namespace auxeira::api {

struct ProcessFigures {
    double cpu_seconds = 0;
    double resident_bytes = 0;
    double virtual_bytes = 0;
    double threads = 0;
    double open_descriptors = 0;
    double most_descriptors = 0;
    double start_seconds = 0; // since 1970
};

ProcessFigures process_figures();

} // namespace auxeira::api
