#include "settings_file.hpp"

#include "url.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

namespace auxeira::api {

namespace {

constexpr const char* variable = "AUXEIRA_SETTINGS_FILE";

using Values = std::map<std::string, std::string>;

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
    throw SettingsError(std::string(variable) + "=" + path + ' ' + why);
}

// A value is never told: it may be a secret.
void read_line(Values& values, const std::string& path, std::size_t number, std::string_view line) {
    if (line.empty() || line.front() == '#') return;
    const std::string place = "has in line " + std::to_string(number);
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) refuse(path, place + " no NAME=value");
    const std::string name(line.substr(0, equals));
    if (!is_setting(name)) refuse(path, place + " a name that is none: " + name);
    if (!values.try_emplace(name, line.substr(equals + 1)).second) refuse(path, place + " a second " + name);
}

Values read_file(const std::string& path) {
    if (std::filesystem::is_directory(path)) refuse(path, "is a directory; allowed: a file");
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file) refuse(path, "cannot be read");
    Values values;
    std::size_t number = 0;
    for (std::string_view line : split(text, '\n')) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        read_line(values, path, ++number, line);
    }
    return values;
}

} // namespace

Environment with_settings_file(const Environment& environment) {
    const auto path = environment(variable);
    if (!path || path->empty()) return environment;
    return [environment, values = read_file(*path)](const std::string& name) {
        std::optional<std::string> value = environment(name);
        const auto found = values.find(name);
        if (!value && found != values.end()) value = found->second;
        return value;
    };
}

} // namespace auxeira::api
