// Prometheus' text format 0.0.4.
#pragma once

#include "histogram.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace auxeira::api {

inline constexpr std::string_view exposition_type = "text/plain; version=0.0.4; charset=utf-8";

class Exposition {
public:
    using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

    // Begins a family; the samples that follow are of it.
    Exposition& family(std::string_view name, std::string_view type, std::string_view help);
    Exposition& sample(double value, Labels labels = {});
    Exposition& histogram(const Histogram& histogram, Labels labels = {});

    const std::string& text() const { return text_; }

private:
    void line(std::string_view suffix, Labels labels, std::string_view bound, double value);

    std::string name_;
    std::string text_;
};

} // namespace auxeira::api
