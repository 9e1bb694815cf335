#include "process_figures.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace auxeira::api {

namespace {

// The fields of /proc/self/stat behind the program's name, which may hold anything; the first is the third.
std::vector<double> status_fields() {
    std::ifstream file("/proc/self/stat");
    std::string line;
    std::getline(file, line);
    const std::size_t end = line.rfind(") ");
    std::istringstream rest(end == std::string::npos ? ""
                                                     : line.substr(end + 4)); // behind the state's letter
    return {std::istream_iterator<double>(rest), {}};
}

double seconds_since_boot() {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// One of them is for counting.
double open_descriptors() {
    std::error_code error;
    const std::filesystem::directory_iterator all("/proc/self/fd", error);
    return static_cast<double>(std::distance(begin(all), end(all))) - 1;
}

} // namespace

// proc(5): from field 4 on, utime and stime are fields 14 and 15, threads 20, start 22, vsize 23, rss 24.
ProcessFigures process_figures() {
    ProcessFigures figures;
    const std::vector<double> fields = status_fields();
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    if (fields.size() > 20) {
        figures.cpu_seconds = (fields[10] + fields[11]) / ticks;
        figures.threads = fields[16];
        // Always the same, though the clocks that it is computed from tick apart.
        static const double start =
            static_cast<double>(std::time(nullptr)) - seconds_since_boot() + fields[18] / ticks;
        figures.start_seconds = start;
        figures.virtual_bytes = fields[19];
        figures.resident_bytes = fields[20] * static_cast<double>(sysconf(_SC_PAGESIZE));
    }
    figures.open_descriptors = open_descriptors();
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.most_descriptors = static_cast<double>(limit.rlim_cur);
    return figures;
}

} // namespace auxeira::api
