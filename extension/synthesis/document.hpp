// A JSON document as plain data, whoever parsed it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace auxeira::synthesis {

struct Value {
    enum class Kind { null, boolean, number, text, array, object };

    Kind kind = Kind::null;
    bool boolean = false;
    double number = 0;
    std::string text;
    std::vector<Value> items;       // of an array or an object
    std::vector<std::string> names; // of the items of an object

    // What a fault calls it.
    std::string_view kind_name() const noexcept {
        constexpr std::string_view all[] = {"null",     "true or false", "a number",
                                            "a string", "an array",      "an object"};
        return all[static_cast<std::size_t>(kind)];
    }

    // The member of an object; null stands for one that is not there.
    const Value* member(std::string_view name) const noexcept {
        for (std::size_t j = 0; j < names.size(); ++j) {
            if (names[j] == name) return items[j].kind == Kind::null ? nullptr : &items[j];
        }
        return nullptr;
    }

    void add(std::string name, Value value) {
        names.push_back(std::move(name));
        items.push_back(std::move(value));
    }

    static Value of(std::string_view text) {
        Value value;
        value.kind = Kind::text;
        value.text = text;
        return value;
    }
    static Value of(double number) {
        Value value;
        value.kind = Kind::number;
        value.number = number;
        return value;
    }
    static Value object() {
        Value value;
        value.kind = Kind::object;
        return value;
    }
};

} // namespace auxeira::synthesis
