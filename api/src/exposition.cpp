#include "exposition.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace auxeira::api {

namespace {

std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    std::array<char, 32> digits{};
    const auto form = std::abs(value) < 1e15 ? std::chars_format::fixed : std::chars_format::general;
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value, form);
    return {digits.data(), end};
}

void append_escaped(std::string& out, std::string_view text, bool in_quotes) {
    for (const char c : text) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '\\' || (in_quotes && c == '"')) out += '\\';
        out += c;
    }
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
    out += out.back() == '{' ? "" : ",";
    out.append(name).append("=\"");
    append_escaped(out, value, true);
    out += '"';
}

} // namespace

Exposition& Exposition::family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_.append("# HELP ").append(name).append(" ");
    append_escaped(text_, help, false);
    text_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
    return *this;
}

Exposition& Exposition::sample(double value, Labels labels) {
    line("", labels, "", value);
    return *this;
}

Exposition& Exposition::histogram(const Histogram& histogram, Labels labels) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < Histogram::bounds.size(); ++i) {
        sum += histogram.count(i);
        line("_bucket", labels, number(Histogram::bounds[i]), static_cast<double>(sum));
    }
    sum += histogram.count(Histogram::bounds.size());
    line("_bucket", labels, "+Inf", static_cast<double>(sum));
    line("_sum", labels, "", histogram.seconds());
    line("_count", labels, "", static_cast<double>(sum));
    return *this;
}

void Exposition::line(std::string_view suffix, Labels labels, std::string_view bound, double value) {
    text_.append(name_).append(suffix);
    if (labels.size() > 0 || !bound.empty()) {
        text_ += '{';
        for (const auto& [name, text] : labels)
            append_label(text_, name, text);
        if (!bound.empty()) append_label(text_, "le", bound);
        text_ += '}';
    }
    text_.append(" ").append(number(value)).append("\n");
}

} // namespace auxeira::api
