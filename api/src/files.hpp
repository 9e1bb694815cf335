// What is served as it is: the description of the API, and the files of a directory. All of it is in memory,
// and found by its whole path alone.
#pragma once

#include "exchange.hpp"
#include "response.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace auxeira::api {

class Files {
public:
    // Of a directory that the build has made; an empty path names none. Throws SettingsError.
    explicit Files(const std::string& directory);

    // Nothing when there is none.
    std::optional<Response> answer(const Exchange& exchange) const;

private:
    // The bytes in one coding.
    struct Form {
        std::string_view coding; // empty = as they are
        std::string body;
        std::string etag;
    };

    struct File {
        std::string_view type;
        std::string_view caching;
        std::vector<Form> forms; // the shortest first, that without a coding last
    };

    void add(const std::string& path, File file, std::string body);
    void add_directory(const std::string& directory);

    std::map<std::string, File, std::less<>> files_;
};

} // namespace auxeira::api
