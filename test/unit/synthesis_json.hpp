// Documents of the synthesis room from JSON text, for tests: no escapes, no checks.
#pragma once

#include <charconv>
#include <string_view>

#include "synthesis/document.hpp"

namespace auxeira::synthesis {

class JsonText {
public:
    static Value parse(std::string_view text) { return JsonText(text).value(); }

private:
    explicit JsonText(std::string_view text) : text_(text) {}

    char peek() {
        while (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == ',' || text_[at_] == ':')
            ++at_;
        return text_[at_];
    }

    Value value() {
        switch (peek()) {
        case '{':
            return members();
        case '[':
            return items();
        case '"':
            return Value::of(string());
        default:
            return number();
        }
    }

    std::string_view string() {
        peek();
        const std::size_t begin = ++at_;
        at_ = text_.find('"', begin) + 1;
        return text_.substr(begin, at_ - begin - 1);
    }

    Value number() {
        double result = 0;
        const char* const begin = text_.data() + at_;
        at_ +=
            static_cast<std::size_t>(std::from_chars(begin, text_.data() + text_.size(), result).ptr - begin);
        return Value::of(result);
    }

    Value members() {
        Value object = Value::object();
        for (++at_; peek() != '}';) {
            std::string name(string());
            object.add(std::move(name), value());
        }
        ++at_;
        return object;
    }

    Value items() {
        Value array;
        array.kind = Value::Kind::array;
        for (++at_; peek() != ']';)
            array.items.push_back(value());
        ++at_;
        return array;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

} // namespace auxeira::synthesis
