#include "synthesis/config.hpp"

#include <charconv>
#include <cmath>
#include <string>
#include <vector>

#include "rejection.hpp"

namespace auxeira::synthesis {

namespace {

constexpr std::array<std::string_view, 4> trend_names = {"improving", "declining", "stable", "volatile"};

constexpr std::int64_t greatest_count = 1'000'000;
constexpr std::int64_t greatest_range = 36'500;

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

// Reads a request field by field, and gathers what is wrong with it.
class Reader {
public:
    std::int64_t whole(const char* path, std::optional<std::int64_t> value, std::int64_t most) {
        if (!present(path, value.has_value())) return 1;
        if (*value >= 1 && *value <= most) return *value;
        add(path, std::to_string(*value) + " is outside 1 to " + std::to_string(most));
        return 1;
    }

    double fraction(const char* path, std::optional<double> value, double most = 1) {
        if (!present(path, value.has_value())) return 0;
        if (*value >= 0 && *value <= most) return *value + 0.0; // -0 is 0
        add(path, show(*value) + " is outside 0 to " + show(most)); // also what is not a number
        return 0;
    }

    // The position of the text among `names`.
    template <typename Names>
    std::size_t choice(const char* path, std::optional<std::string_view> text, const Names& names) {
        if (!present(path, text.has_value())) return 0;
        std::string all;
        for (std::size_t j = 0; j < std::size(names); ++j) {
            if (names[j] == *text) return j;
            all += (j == 0 ? "" : ", ") + std::string(names[j]);
        }
        add(path, quoted(*text) + " is not one of " + all);
        return 0;
    }

    template <typename Kind, typename Names>
    std::optional<Kind> optional_choice(const char* path, std::optional<std::string_view> text,
                                        const Names& names) {
        if (!text) return std::nullopt;
        return static_cast<Kind>(choice(path, text, names));
    }

    void window(std::int64_t as_of, std::int64_t days) {
        if (as_of > last_moment) add("as_of", "is after the year 9999");
        if (as_of < first_moment) {
            add("as_of", "is before the year 1");
        } else if (as_of < first_moment + days * microseconds_a_day) {
            add("as_of", "is less than " + std::to_string(days) + " days after the beginning of the year 1");
        }
    }

    void finish() {
        if (faults_.empty()) return;
        throw Rejection(all_missing_ ? Reason::missing_field : Reason::invalid_value,
                        "invalid parameters for synthetic data", faults_,
                        "See auxeira.synthetic_catalogue() for the user types and their metrics.");
    }

private:
    bool present(const char* path, bool is_present) {
        if (!is_present) faults_.push_back({path, "is missing"});
        return is_present;
    }

    void add(const char* path, std::string message) {
        faults_.push_back({path, std::move(message)});
        all_missing_ = false;
    }

    std::vector<Fault> faults_;
    bool all_missing_ = true;
};

std::vector<std::string_view> user_type_names() {
    std::vector<std::string_view> names;
    for (const Dashboard& each : catalogue())
        names.push_back(each.name);
    return names;
}

Profile read_profile(Reader& reader, const Request& request) {
    Profile profile;
    profile.stage = reader.optional_choice<Stage>("stage", request.stage, stage_names);
    if (request.industry) profile.industry = find_industry(*request.industry);
    if (request.region) profile.region = find_region(*request.region);
    profile.business_model =
        reader.optional_choice<BusinessModel>("business_model", request.business_model, business_model_names);
    return profile;
}

Disturbance read_disturbance(Reader& reader, const Request& request) {
    constexpr double most_shocks = 10;
    return {reader.fraction("missing_rate", request.missing_rate),
            reader.fraction("late_rate", request.late_rate),
            reader.fraction("restatement_rate", request.restatement_rate),
            reader.fraction("shock_rate", request.shock_rate, most_shocks)};
}

} // namespace

Config check(const Request& request) {
    constexpr std::array<std::string_view, 1> data_types = {"metrics"};
    Reader reader;
    Config config{};
    config.user_type =
        static_cast<UserType>(reader.choice("user_type", request.user_type, user_type_names()));
    reader.choice("data_type", request.data_type, data_types);
    config.count = static_cast<std::int32_t>(reader.whole("count", request.count, greatest_count));
    config.time_range_days =
        static_cast<std::int32_t>(reader.whole("time_range_days", request.time_range_days, greatest_range));
    config.variance = reader.fraction("variance", request.variance);
    config.trend = static_cast<Trend>(reader.choice("trend", request.trend, trend_names));
    reader.window(request.as_of, config.time_range_days);
    config.profile = read_profile(reader, request);
    config.disturbance = read_disturbance(reader, request);
    reader.finish();
    config.seed = request.seed;
    config.as_of = request.as_of;
    config.org = request.org;
    return config;
}

std::string_view name_of(Trend trend) noexcept {
    return trend_names[static_cast<std::size_t>(trend)];
}

} // namespace auxeira::synthesis
