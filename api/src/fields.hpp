// Reads the members of a small request body, and collects everything that is wrong with them.
#pragma once

#include "json.hpp"
#include "password.hpp"
#include "problem.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace auxeira::api {

using SecretPtr = std::unique_ptr<Secret>;

class Fields {
public:
    // Of a checked object, which must outlive the reader.
    explicit Fields(std::string_view object) : members_(members(object)) {}

    // Required: a missing one is noted, and an empty text is given.
    std::string text(std::string_view name);
    void require(std::string_view name); // and whatever it is, somebody else reads it
    SecretPtr secret(std::string_view name);

    // Required, as it was written; empty when there is none.
    std::string_view object(std::string_view name);

    // Nothing when there is none. An explicit null is as good as none.
    std::optional<std::string> optional_text(std::string_view name);
    SecretPtr optional_secret(std::string_view name);
    bool flag(std::string_view name);

    // A text two levels down, for looking only.
    std::string inner_text(std::string_view name, std::string_view inner) const;

    void refuse(std::string_view name, std::string_view message);
    // Members that nobody has asked for.
    void refuse_others();

    // The object without some of its members, as it was written otherwise.
    std::string without(std::initializer_list<std::string_view> names) const;

    // Missing members first; otherwise all other faults.
    std::optional<Problem> problem() const;

private:
    const JsonMember* find(std::string_view name);
    std::optional<std::string> string_of(std::string_view name, const JsonMember* member);

    std::vector<JsonMember> members_;
    std::vector<std::string> asked_;
    std::vector<std::string> missing_;
    std::vector<Fault> faults_;
};

} // namespace auxeira::api
