// What an answer is known by, without making it: see auxeira.api_functions.made_of.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "boundary/door.hpp"

extern "C" {
#include "utils/jsonb.h"
#include "utils/uuid.h"
}

namespace auxeira::functions {

struct EtagSource {
    std::string table;
    std::string scope; // that opens its rows to other organizations; empty for none
};

struct EtagRule {
    std::string function;
    std::vector<EtagSource> sources;
    std::string concerns; // a member of the request, "active", or empty for every organization
    bool is_of_the_day = false;
};

// `sources` is what auxeira.etag_sources gives.
std::vector<EtagSource> read_sources(std::string_view sources);

// A text member of an object; empty when it is something else or absent.
std::string text_member(Jsonb* object, std::string_view name);

// An object with one member of another; empty when that has none of this name.
Jsonb* only_member(Jsonb* object, std::string_view name);

// All of these run as the role that owns the marks, with the identity of the caller in force.

// As the active snapshot has it. Nothing when the request names no organization where it should.
std::optional<std::string> etag_of(const EtagRule& rule, Jsonb* request);

bool is_listed(std::string_view etag, std::string_view list); // the list is separated by commas

// Holds off a lost update: what If-Match has seen must be what is changed.
class UpdateGuard {
public:
    // Waits for changes under way. Error ZA412 when the row is not what the client has seen.
    UpdateGuard(const EtagRule& rule, Jsonb* request, std::string_view if_match);

    // After the change, when nobody else can make one any more. Error ZA412 when somebody came between.
    void confirm();

private:
    const EtagRule& rule_;
    pg_uuid_t organization_;
    std::vector<int> marks_; // of each source
};

} // namespace auxeira::functions
