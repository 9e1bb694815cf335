#include "documents.hpp"

#include <cstdint>
#include <sstream>

#include <nlohmann/json.hpp>

#include "ledger/metadata.hpp"
#include "ledger/readable.hpp"
#include "ledger/receipt.hpp"
#include "rejection.hpp"

namespace auxeira::verify {

namespace {

using nlohmann::json;
using Trusted = std::optional<ledger::PublicKey>;

// Up to here every integer is a number of JSON for every reader.
constexpr std::uint64_t largest_exact = 9'007'199'254'740'991;

[[noreturn]] void refuse(const std::string& member, const char* expected) {
    throw Unreadable("\"" + member + "\" is not " + expected);
}

const json& member(const json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end()) throw Unreadable("\"" + std::string(name) + "\" is missing");
    return *found;
}

std::string text(const json& object, const char* name) {
    const json& value = member(object, name);
    if (!value.is_string()) refuse(name, "a text");
    return value.get<std::string>();
}

ledger::Bytes bytes(const json& value, const char* name) {
    auto read = value.is_string() ? ledger::from_hex(value.get_ref<const std::string&>()) : std::nullopt;
    if (!read) refuse(name, "lower-case hexadecimal");
    return std::move(*read);
}

template <typename Array>
Array fixed(const json& value, const char* name) {
    const auto array = ledger::sized<Array>(bytes(value, name));
    if (!array) refuse(name, "of the right length");
    return *array;
}

std::uint64_t number(const json& object, const char* name) {
    const json& value = member(object, name);
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > largest_exact)
        refuse(name, "a whole number");
    return value.get<std::uint64_t>();
}

std::vector<ledger::Hash> path(const json& object) {
    const json& value = member(object, "path");
    if (!value.is_array()) refuse("path", "an array");
    std::vector<ledger::Hash> hashes;
    for (const json& hash : value)
        hashes.push_back(fixed<ledger::Hash>(hash, "path"));
    return hashes;
}

ledger::SignedHead head(const json& object) {
    return {text(object, "head"), fixed<ledger::Signature>(member(object, "signature"), "signature"),
            fixed<ledger::PublicKey>(member(object, "publicKey"), "publicKey")};
}

ledger::Receipt receipt(const json& object) {
    member(object, "change");
    ledger::Receipt read;
    read.salt = fixed<ledger::Salt>(member(object, "salt"), "salt");
    read.metadata = bytes(member(object, "metadata"), "metadata");
    if (const json& row = member(object, "row"); !row.is_null()) read.row = bytes(row, "row");
    read.leaf = fixed<ledger::Hash>(member(object, "leaf"), "leaf");
    read.leaf_index = number(object, "leafIndex");
    read.tree_size = number(object, "treeSize");
    read.path = path(object);
    read.head = head(object);
    return read;
}

std::string summary(const ledger::SignedHead& signed_head) {
    const ledger::Head parsed = ledger::parse_head(signed_head.text);
    return "block " + std::to_string(parsed.block) + " with " + std::to_string(parsed.tree_size) +
           " changes, signed by key " + ledger::key_id(signed_head.public_key);
}

std::string summary(const json& change, const ledger::Receipt& read) {
    // Escaped, because a document may come from anybody, and what is shown may be a terminal.
    const auto shown = [&](const char* name) {
        const json& value = change.at(name);
        const std::string dumped = value.dump(-1, ' ', true);
        return value.is_string() ? dumped.substr(1, dumped.size() - 2) : dumped;
    };
    return "change " + shown("changeId") + " (" + shown("operation") + ") of " + shown("table") + " " +
           shown("key") + " at " + shown("at") + " is in " + summary(read.head);
}

Verdict verdict_of_receipt(const json& document, const Trusted& trusted) {
    const ledger::Receipt read = receipt(document);
    Verdict verdict{{}, fault_of(read, trusted), {read.head}};
    if (verdict.fault) return verdict;
    const auto row = read.row ? std::optional<ledger::ByteView>(*read.row) : std::nullopt;
    const json proven = json::parse(ledger::readable_change(read.metadata, row));
    if (member(document, "change") != proven)
        verdict.fault = "the change that is shown is not the one that is proven";
    verdict.summary = summary(proven, read);
    return verdict;
}

Verdict verdict_of_consistency(const json& document, const Trusted& trusted) {
    const ledger::Consistency read{head(member(document, "first")), head(member(document, "second")),
                                   path(document)};
    Verdict verdict{{}, fault_of(read, trusted), {read.first, read.second}};
    if (!verdict.fault)
        verdict.summary = summary(read.first) + ", is the beginning of " + summary(read.second);
    return verdict;
}

Verdict verdict_of_head(const json& document, const Trusted& trusted) {
    const ledger::SignedHead read = head(document);
    Verdict verdict{{}, fault_of(read, trusted), {read}};
    if (!verdict.fault) verdict.summary = summary(read);
    return verdict;
}

struct KindRow {
    const char* member; // that only documents of this kind have
    Verdict (*verdict)(const json& document, const Trusted& trusted);
};
constexpr KindRow kinds[] = {
    {"leaf", verdict_of_receipt}, {"first", verdict_of_consistency}, {"head", verdict_of_head}};

Verdict verdict_of(const json& document, const Trusted& trusted) {
    if (!document.is_object()) throw Unreadable("a document is not a JSON object");
    if (member(document, "version") != 1) throw Unreadable("the version of a document is not 1");
    for (const KindRow& kind : kinds) {
        if (!document.contains(kind.member)) continue;
        try {
            return kind.verdict(document, trusted);
        } catch (const Rejection& rejection) {
            return {{}, rejection.message(), {}};
        }
    }
    throw Unreadable("a document is no receipt, consistency proof or head");
}

// The parser skips a byte order mark, and takes a zero byte for the end. Others do neither.
json parsed(std::string_view text_) {
    if (text_.starts_with("\xEF\xBB\xBF") || text_.find('\0') != std::string_view::npos)
        return json(json::value_t::discarded);
    return json::parse(text_, nullptr, false);
}

std::vector<json> documents_of(std::string_view text_) {
    if (json whole = parsed(text_); !whole.is_discarded()) return {std::move(whole)};
    std::vector<json> documents;
    std::istringstream lines{std::string(text_)};
    for (std::string line; std::getline(lines, line);) {
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        documents.push_back(parsed(line));
        if (documents.back().is_discarded()) throw Unreadable("it is not JSON");
    }
    if (documents.empty()) throw Unreadable("it is empty");
    return documents;
}

} // namespace

std::vector<Verdict> verdicts_of(std::string_view text_, const Trusted& trusted) {
    std::vector<Verdict> verdicts;
    for (const json& document : documents_of(text_))
        verdicts.push_back(verdict_of(document, trusted));
    return verdicts;
}

std::optional<std::string> fault_among(const std::vector<Verdict>& verdicts) {
    std::vector<ledger::SignedHead> heads;
    for (const Verdict& verdict : verdicts) {
        if (!verdict.fault) heads.insert(heads.end(), verdict.heads.begin(), verdict.heads.end());
    }
    // With the same order of sizes and of blocks neighbours are enough to notice a fork.
    std::ranges::stable_sort(heads, {}, [](const auto& head) { return ledger::parse_head(head.text).block; });
    for (std::size_t i = 1; i < heads.size(); ++i) {
        if (auto fault = fault_between(heads[i - 1], heads[i])) return fault;
    }
    return std::nullopt;
}

} // namespace auxeira::verify
