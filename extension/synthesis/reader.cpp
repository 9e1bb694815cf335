#include "synthesis/reader.hpp"

#include <charconv>
#include <cmath>

namespace auxeira::synthesis {

namespace {

// What every calendar of PostgreSQL, JSON and JavaScript can carry: the years 1 to 9999.
constexpr std::int64_t first_moment = -719'162 * microseconds_a_day;
constexpr std::int64_t last_moment = 2'932'897 * microseconds_a_day - 1;

// As a JSON string, cut where it is too long to be helpful (never inside a UTF-8 character).
std::string quoted(std::string_view text) {
    constexpr std::size_t longest = 60;
    const bool cut = text.size() > longest;
    std::size_t length = cut ? longest : text.size();
    while (cut && length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80)
        --length;
    std::string result = "\"";
    for (const char c : text.substr(0, length)) {
        if (c == '"' || c == '\\') result += '\\';
        result += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    return result + (cut ? "...\"" : "\"");
}

// The shortest text that reads back as the same number, whatever the locale; spelled as PostgreSQL does.
std::string show(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

} // namespace

std::uint64_t Reader::seed(std::optional<std::uint64_t> value) {
    return present("seed", value.has_value()) ? *value : 0;
}

std::int64_t Reader::whole(const char* path, std::optional<std::int64_t> value, std::int64_t most) {
    if (!present(path, value.has_value())) return 1;
    if (*value >= 1 && *value <= most) return *value;
    add(path, std::to_string(*value) + " is outside 1 to " + std::to_string(most));
    return 1;
}

double Reader::fraction(const char* path, std::optional<double> value, double most) {
    if (!present(path, value.has_value())) return 0;
    if (*value >= 0 && *value <= most) return *value + 0.0;     // -0 is 0
    add(path, show(*value) + " is outside 0 to " + show(most)); // also what is not a number
    return 0;
}

std::size_t Reader::choice(const char* path, std::optional<std::string_view> text,
                           const std::vector<std::string_view>& names) {
    if (!present(path, text.has_value())) return 0;
    std::string all;
    for (std::size_t j = 0; j < names.size(); ++j) {
        if (names[j] == *text) return j;
        all += (j == 0 ? "" : ", ") + std::string(names[j]);
    }
    add(path, quoted(*text) + " is not one of " + all);
    return 0;
}

void Reader::moment(const char* path, std::int64_t time) {
    if (time > last_moment) add(path, "is after the year 9999");
    if (time < first_moment) add(path, "is before the year 1");
}

void Reader::window(std::int64_t as_of, std::int64_t days) {
    moment("as_of", as_of);
    if (as_of >= first_moment && as_of < first_moment + days * microseconds_a_day) {
        add("as_of", "is less than " + std::to_string(days) + " days after the beginning of the year 1");
    }
}

void Reader::finish(const char* hint) {
    if (faults_.empty()) return;
    throw Rejection(all_missing_ ? Reason::missing_field : Reason::invalid_value,
                    "invalid parameters for synthetic data", faults_, hint);
}

bool Reader::present(const char* path, bool is_present) {
    if (!is_present) faults_.push_back({path, "is missing"});
    return is_present;
}

void Reader::add(const char* path, std::string message) {
    faults_.push_back({path, std::move(message)});
    all_missing_ = false;
}

Profile read_profile(Reader& reader, std::optional<std::string_view> stage,
                     std::optional<std::string_view> industry, std::optional<std::string_view> region,
                     std::optional<std::string_view> business_model) {
    Profile profile;
    profile.stage = reader.optional_choice<Stage>("stage", stage, stage_names);
    if (industry) profile.industry = find_industry(*industry);
    if (region) profile.region = find_region(*region);
    profile.business_model =
        reader.optional_choice<BusinessModel>("business_model", business_model, business_model_names);
    return profile;
}

} // namespace auxeira::synthesis
