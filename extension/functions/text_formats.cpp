#include "functions/text_formats.hpp"

#include <algorithm>

#include "tenancy/organization_ids.hpp"

namespace auxeira::functions {

namespace {

constexpr std::size_t longest_number = 40;
constexpr std::size_t longest_address = 254; // RFC 5321, 4.5.3.1.3

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Takes exactly `count` digits off the front; -1 when they are not there.
int take_digits(std::string_view& text, std::size_t count) {
    if (text.size() < count || !std::all_of(text.begin(), text.begin() + count, is_digit)) return -1;
    int value = 0;
    for (const char digit : text.substr(0, count))
        value = value * 10 + (digit - '0');
    text.remove_prefix(count);
    return value;
}

bool take(std::string_view& text, std::string_view one_of) {
    if (text.empty() || one_of.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

int days_in_month(int year, int month) {
    constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

bool take_date(std::string_view& text) {
    const int year = take_digits(text, 4);
    if (year < 1 || !take(text, "-")) return false;
    const int month = take_digits(text, 2);
    if (month < 1 || month > 12 || !take(text, "-")) return false;
    const int day = take_digits(text, 2);
    return day >= 1 && day <= days_in_month(year, month);
}

bool take_clock(std::string_view& text, bool with_seconds) {
    const int hour = take_digits(text, 2);
    if (hour < 0 || hour > 23 || !take(text, ":")) return false;
    const int minute = take_digits(text, 2);
    if (minute < 0 || minute > 59) return false;
    if (!with_seconds) return true;
    if (!take(text, ":")) return false;
    const int second = take_digits(text, 2);
    return second >= 0 && second <= 59;
}

bool take_fraction(std::string_view& text) {
    if (!take(text, ".")) return true;
    const auto digits = std::find_if_not(text.begin(), text.end(), is_digit) - text.begin();
    text.remove_prefix(static_cast<std::size_t>(digits));
    return digits >= 1 && digits <= 9;
}

// PostgreSQL knows offsets of less than 16 hours.
bool take_offset(std::string_view& text) {
    if (text.empty() || take(text, "Zz")) return true;
    return take(text, "+-") && text < "16" && take_clock(text, false);
}

bool is_date_time(std::string_view text) {
    return take_date(text) && take(text, "Tt ") && take_clock(text, true) && take_fraction(text) &&
           take_offset(text) && text.empty();
}

bool is_plain(char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7f && c != '@';
}

bool is_email(std::string_view text) {
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos || at == 0 || text.size() > longest_address) return false;
    const std::string_view local = text.substr(0, at);
    const std::string_view domain = text.substr(at + 1);
    const std::size_t dot = domain.rfind('.');
    return std::all_of(local.begin(), local.end(), is_plain) &&
           std::all_of(domain.begin(), domain.end(), is_plain) && dot != std::string_view::npos && dot > 0 &&
           dot + 2 < domain.size() && domain.find("..") == std::string_view::npos;
}

bool is_uuid(std::string_view text) {
    return tenancy::parse_uuid(text).has_value();
}

struct Format {
    std::string_view name;
    bool (*matches)(std::string_view);
    const char* problem;
};

constexpr Format formats[] = {
    {"uuid", is_uuid, "is not a UUID such as 6f9619ff-8b86-4d01-b42d-00cf4fc964ff"},
    {"date-time", is_date_time, "is not a date and time such as 2026-01-31T23:59:59Z"},
    {"email", is_email, "is not an e-mail address"},
};

} // namespace

bool is_decimal_number(std::string_view text) {
    if (text.size() > longest_number) return false;
    take(text, "+-");
    const std::size_t point = std::min(text.find('.'), text.size());
    const std::string_view whole = text.substr(0, point);
    const std::string_view fraction = point < text.size() ? text.substr(point + 1) : "0";
    return !whole.empty() && !fraction.empty() && std::all_of(whole.begin(), whole.end(), is_digit) &&
           std::all_of(fraction.begin(), fraction.end(), is_digit);
}

bool has_offset(std::string_view date_time) {
    constexpr std::size_t date_length = 10;
    return date_time.find_first_of("Zz+-", date_length) != std::string_view::npos;
}

std::string format_problem(std::string_view format, std::string_view text) {
    for (const Format& known : formats) {
        if (known.name == format && !known.matches(text)) return known.problem;
    }
    return {};
}

} // namespace auxeira::functions
