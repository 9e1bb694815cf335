#include "scoring/faults.hpp"

#include <charconv>
#include <cmath>
#include <utility>

namespace auxeira::scoring {

void Faults::add(std::string path, std::string message) {
    if (kept_.size() < most_kept) {
        kept_.push_back({std::move(path), std::move(message)});
    } else {
        ++dropped_;
    }
}

void Faults::check(std::string_view message, std::string_view hint) const {
    if (kept_.empty()) return;
    std::vector<Fault> faults = kept_;
    if (dropped_ > 0) faults.push_back({"more", std::to_string(dropped_) + " further faults"});
    throw Rejection(Reason::invalid_value, std::string(message), faults, std::string(hint));
}

std::string show(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "a number above 1.8e308" : "a number below -1.8e308";
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    return {text, end};
}

} // namespace auxeira::scoring
