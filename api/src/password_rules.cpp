#include "password_rules.hpp"

#include "encoding.hpp"
#include "settings.hpp"

#include <algorithm>
#include <fstream>
#include <functional>

namespace auxeira::api {

namespace {

constexpr std::size_t fewest_characters = 8;
constexpr std::size_t most_bytes = 1024;         // argon2 takes any length; a body does not
constexpr std::size_t fewest_own_characters = 6; // beside the words of the context
constexpr std::size_t shortest_word = 4;         // shorter ones are in many good passwords
constexpr std::string_view product = "auxeira";

bool is_part_of_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80) != 0;
}

void add_words(std::vector<std::string>& words, std::string_view text) {
    while (!text.empty()) {
        const auto end = std::find_if_not(text.begin(), text.end(), is_part_of_word);
        const auto length = static_cast<std::size_t>(end - text.begin());
        if (utf8_length(text.substr(0, length)) >= shortest_word) words.emplace_back(text.substr(0, length));
        text.remove_prefix(std::min(length + 1, text.size()));
    }
}

// The longest first, so that no shorter one leaves a rest of a longer one. Of an address only the part before
// the @ is about its owner.
std::vector<std::string> words_of(const std::vector<std::string>& context) {
    std::vector<std::string> words{std::string(product)};
    for (const std::string& text : context) {
        const std::string name = lower(text.substr(0, text.find('@')));
        if (utf8_length(name) >= shortest_word) words.push_back(name);
        add_words(words, name);
    }
    std::sort(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
    return words;
}

std::string without(std::string text, const std::string& word) {
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at))
        text.erase(at, word.size());
    return text;
}

bool is_made_of(std::string_view password, const std::vector<std::string>& context) {
    std::string rest = lower(password);
    for (const std::string& word : words_of(context))
        rest = without(std::move(rest), word);
    return utf8_length(rest) < fewest_own_characters;
}

// Whatever its case.
std::uint64_t hash_of(std::string_view password) {
    return std::hash<std::string>()(lower(password));
}

} // namespace

PasswordRules::PasswordRules(const std::vector<std::string>& known) {
    for (const std::string& password : known)
        learn(password);
    finish_learning();
}

PasswordRules PasswordRules::from_file(const std::string& path) {
    PasswordRules rules;
    if (path.empty()) return rules;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (line.ends_with('\r')) line.pop_back();
        if (!line.empty()) rules.learn(line);
    }
    if (!file.eof()) throw SettingsError("AUXEIRA_PASSWORD_LIST=" + path + " cannot be read");
    rules.finish_learning();
    return rules;
}

void PasswordRules::learn(std::string_view password) {
    known_.push_back(hash_of(password));
}

void PasswordRules::finish_learning() {
    std::sort(known_.begin(), known_.end());
}

bool PasswordRules::is_known(std::string_view password) const {
    return std::binary_search(known_.begin(), known_.end(), hash_of(password));
}

std::optional<std::string> PasswordRules::fault(std::string_view password,
                                                const std::vector<std::string>& context) const {
    if (utf8_length(password) < fewest_characters)
        return "must have at least 8 characters, and better 15 or more";
    if (password.size() > most_bytes) return "must have at most 1024 bytes";
    if (is_known(password)) return "is among common or leaked passwords";
    if (is_made_of(password, context)) return R"(must not consist of your name, organization or "auxeira")";
    return std::nullopt;
}

} // namespace auxeira::api
