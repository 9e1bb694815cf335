#include "synthesis/section.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace auxeira::synthesis {

std::string listed(Names names, std::string_view last_joint) {
    std::string all;
    for (std::size_t j = 0; j < names.size(); ++j) {
        if (j > 0) all += j + 1 == names.size() ? last_joint : std::string_view(", ");
        all += names[j];
    }
    return all;
}

std::string show(double value) {
    if (std::isinf(value)) return value > 0 ? "infinity" : "-infinity";
    char text[400]; // the longest double without an exponent
    return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::fixed).ptr};
}

// --- Faults ----------------------------------------------------------------------------------------------

void FaultList::add(std::string path, std::string message) {
    if (all_.size() < most) {
        all_.push_back({std::move(path), std::move(message)});
    } else {
        ++dropped_;
    }
}

std::vector<Fault> FaultList::take() {
    if (dropped_ > 0) all_.push_back({"$", "and " + std::to_string(dropped_) + " faults more"});
    return std::move(all_);
}

// --- Sections --------------------------------------------------------------------------------------------

void Section::only(Names known, std::string_view reason) const {
    for (const std::string& name : object_.names) {
        if (std::find(known.begin(), known.end(), name) == known.end()) fault(name, std::string(reason));
    }
}

const Value* Section::object(std::string_view name, bool is_required) const {
    const Value* const value = object_.member(name);
    if (value == nullptr) {
        if (is_required) fault(name, "is missing");
        return nullptr;
    }
    if (value->kind == Value::Kind::object) return value;
    fault(name, "must be an object, not " + std::string(value->kind_name()));
    return nullptr;
}

std::optional<double> Section::number(std::string_view name, double least, double most) const {
    const Value* const value = object_.member(name);
    if (value == nullptr) return std::nullopt;
    if (value->kind != Value::Kind::number) {
        fault(name, "must be a number, not " + std::string(value->kind_name()));
    } else if (!(value->number >= least && value->number <= most)) {
        fault(name, show(value->number) + " is outside " + show(least) + " to " + show(most));
    } else {
        return value->number + 0.0; // -0 is 0
    }
    return std::nullopt;
}

std::optional<double> Section::whole(std::string_view name, double least, double most) const {
    const std::optional<double> value = number(name, least, most);
    if (!value || *value == std::floor(*value)) return value;
    fault(name, show(*value) + " is not a whole number");
    return std::nullopt;
}

std::optional<std::string_view> Section::text(std::string_view name, std::size_t longest) const {
    const Value* const value = object_.member(name);
    if (value == nullptr) return std::nullopt;
    if (value->kind != Value::Kind::text) {
        fault(name, "must be a string, not " + std::string(value->kind_name()));
    } else if (value->text.empty() || value->text.size() > longest) {
        fault(name, "must have 1 to " + std::to_string(longest) + " bytes, not " +
                        std::to_string(value->text.size()));
    } else {
        return value->text;
    }
    return std::nullopt;
}

std::optional<std::size_t> Section::choice(std::string_view name, Names choices) const {
    const Value* const value = object_.member(name);
    if (value == nullptr) return std::nullopt;
    const auto found = std::find(choices.begin(), choices.end(), value->text);
    if (value->kind != Value::Kind::text) {
        fault(name, "must be one of " + listed(choices) + ", not " + std::string(value->kind_name()));
    } else if (found == choices.end()) {
        fault(name, quoted(value->text) + " is not one of " + listed(choices));
    } else {
        return static_cast<std::size_t>(found - choices.begin());
    }
    return std::nullopt;
}

} // namespace auxeira::synthesis
