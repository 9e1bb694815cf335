#include "files.hpp"

#include "encoding.hpp"
#include "gzip.hpp"
#include "negotiation.hpp"
#include "settings.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace auxeira::api {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view document =
#include "openapi_document.inc"
    ;

constexpr std::string_view for_ever = "public, max-age=31536000, immutable";
constexpr std::string_view ask_again = "public, no-cache";
constexpr std::string_view page_type = "text/html; charset=utf-8";
constexpr std::size_t etag_length = 32;
constexpr std::size_t shortest_hash = 8;

struct Type {
    std::string_view extension;
    std::string_view type;
};

constexpr std::array<Type, 8> types = {{
    {".html", page_type},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", json_type},
    {".png", "image/png"},
    {".svg", "image/svg+xml"},
    {".txt", "text/plain; charset=utf-8"},
    {".woff2", "font/woff2"},
}};

struct Coding {
    std::string_view name;
    std::string_view extension;
};

constexpr std::array<Coding, 2> codings = {{{"br", ".br"}, {"gzip", ".gz"}}};

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
    throw SettingsError("AUXEIRA_WEB=" + path + ' ' + why + "; allowed: a directory that the build has made");
}

std::string_view type_of(const fs::path& path) {
    const auto found = std::find_if(types.begin(), types.end(),
                                    [&](const Type& type) { return type.extension == path.extension(); });
    return found == types.end() ? std::string_view() : found->type;
}

// NAME.HASH.EXTENSION: other bytes have another name.
bool is_named_by_content(const fs::path& path) {
    const std::string hash = path.stem().extension().string();
    return hash.size() > shortest_hash && hash.find_first_not_of("0123456789abcdef", 1) == std::string::npos;
}

std::string content_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file) refuse(path.string(), "cannot be read");
    return content;
}

std::string etag_of(std::string_view body) {
    return hex(sha256(body)).substr(0, etag_length);
}

bool holds(std::string_view if_none_match, std::string_view etag) {
    return if_none_match == "*" || if_none_match.find(etag) != std::string_view::npos;
}

} // namespace

Files::Files(const std::string& directory) {
    File description{json_type, ask_again, {}};
    if (auto packed = gzip(document)) {
        const std::string etag = etag_of(*packed);
        description.forms.push_back({"gzip", std::move(*packed), etag});
    }
    add("/api/openapi.json", std::move(description), std::string(document));
    if (!directory.empty()) add_directory(directory);
}

void Files::add(const std::string& path, File file, std::string body) {
    const std::string etag = etag_of(body);
    file.forms.push_back({"", std::move(body), etag});
    files_.emplace(path, std::move(file));
}

// DIRECTORY/docs/index.html is at /docs. Beside a file there may be the same in other codings.
void Files::add_directory(const std::string& directory) {
    if (!fs::is_directory(directory)) refuse(directory, "is no directory");
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory)) {
        const std::string_view type = type_of(entry.path());
        if (!entry.is_regular_file() || type.empty()) continue;
        File file{type, is_named_by_content(entry.path()) ? for_ever : ask_again, {}};
        for (const Coding& coding : codings) {
            const fs::path packed = entry.path().string() + std::string(coding.extension);
            if (!fs::exists(packed)) continue;
            std::string body = content_of(packed);
            const std::string etag = etag_of(body);
            file.forms.push_back({coding.name, std::move(body), etag});
        }
        const fs::path name = entry.path().lexically_relative(directory);
        const fs::path path = name.filename() == "index.html" ? name.parent_path() : name;
        add('/' + path.string(), std::move(file), content_of(entry.path()));
    }
}

std::optional<Response> Files::answer(const Exchange& exchange) const {
    const auto found = files_.find(exchange.request.path);
    if (found == files_.end()) return std::nullopt;
    const auto& [type, caching, forms] = found->second;
    const std::string accepted = exchange.request.list("accept-encoding");
    const auto form = std::find_if(forms.begin(), forms.end(), [&](const Form& one) {
        return one.coding.empty() || accepts_coding(accepted, one.coding);
    });
    Response response{.content_type = type, .caching = caching, .headers = "Vary: Accept-Encoding\r\n"};
    response.etag = form->etag;
    if (type == page_type) response.policy = page_policy;
    if (holds(exchange.conditions.if_none_match, form->etag)) {
        response.status = 304;
        return response;
    }
    response.body = form->body;
    if (!form->coding.empty()) response.headers += "Content-Encoding: " + std::string(form->coding) + "\r\n";
    return response;
}

} // namespace auxeira::api
