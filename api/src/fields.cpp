#include "fields.hpp"

#include <algorithm>

namespace auxeira::api {

namespace {

const JsonMember* member_of(const std::vector<JsonMember>& members, std::string_view name) {
    const auto found = std::find_if(members.begin(), members.end(),
                                    [&](const JsonMember& member) { return member.name == name; });
    return found == members.end() || found->value == "null" ? nullptr : &*found;
}

SecretPtr hidden(std::optional<std::string> text) {
    return text ? std::make_unique<Secret>(std::move(*text)) : nullptr;
}

} // namespace

const JsonMember* Fields::find(std::string_view name) {
    asked_.emplace_back(name);
    return member_of(members_, name);
}

std::optional<std::string> Fields::string_of(std::string_view name, const JsonMember* member) {
    if (member == nullptr) return std::nullopt;
    std::optional<std::string> text = string_value(member->value);
    if (!text) refuse(name, "must be a string");
    return text;
}

std::string Fields::text(std::string_view name) {
    const JsonMember* member = find(name);
    if (member == nullptr) missing_.emplace_back(name);
    return string_of(name, member).value_or("");
}

void Fields::require(std::string_view name) {
    if (find(name) == nullptr) missing_.emplace_back(name);
}

SecretPtr Fields::secret(std::string_view name) {
    return std::make_unique<Secret>(text(name));
}

std::string_view Fields::object(std::string_view name) {
    const JsonMember* member = find(name);
    if (member == nullptr) {
        missing_.emplace_back(name);
        return {};
    }
    if (!member->value.starts_with('{')) refuse(name, "must be an object");
    return member->value;
}

std::optional<std::string> Fields::optional_text(std::string_view name) {
    return string_of(name, find(name));
}

SecretPtr Fields::optional_secret(std::string_view name) {
    return hidden(optional_text(name));
}

bool Fields::flag(std::string_view name) {
    const JsonMember* member = find(name);
    if (member == nullptr || member->value == "false") return false;
    if (member->value != "true") refuse(name, "must be true or false");
    return true;
}

std::string Fields::inner_text(std::string_view name, std::string_view inner) const {
    const JsonMember* outer = member_of(members_, name);
    if (outer == nullptr || !outer->value.starts_with('{')) return {};
    const std::vector<JsonMember> inside = members(outer->value);
    const JsonMember* member = member_of(inside, inner);
    return member == nullptr ? std::string() : string_value(member->value).value_or("");
}

void Fields::refuse(std::string_view name, std::string_view message) {
    faults_.push_back({std::string(name), std::string(message)});
}

void Fields::refuse_others() {
    for (const JsonMember& member : members_)
        if (std::find(asked_.begin(), asked_.end(), member.name) == asked_.end())
            refuse(member.name, "this field is not known here");
}

std::string Fields::without(std::initializer_list<std::string_view> names) const {
    std::string out = "{";
    for (const JsonMember& member : members_) {
        if (std::find(names.begin(), names.end(), member.name) != names.end()) continue;
        if (out.size() > 1) out += ',';
        out.append(member.key).append(":").append(member.value);
    }
    return out + '}';
}

std::optional<Problem> Fields::problem() const {
    if (!missing_.empty()) return missing_fields(missing_);
    if (!faults_.empty()) return unacceptable(faults_);
    return std::nullopt;
}

} // namespace auxeira::api
