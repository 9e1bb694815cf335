#include "ledger/head.hpp"

#include <charconv>
#include <limits>

#include "ledger/sha256.hpp"
#include "ledger/timestamp.hpp"
#include "rejection.hpp"

namespace auxeira::ledger {

namespace {

constexpr std::string_view version_line = "auxeira-ledger/1";

// Nothing of what is read is trusted: what was overlooked shows when the text is made again.
struct Lines {
    std::string_view left;

    std::string_view next(std::string_view label) {
        const std::size_t end = std::min(left.find('\n'), left.size());
        const std::string_view line = left.substr(0, end);
        left.remove_prefix(std::min(end + 1, left.size()));
        return line.substr(std::min(label.size(), line.size()));
    }
    std::uint64_t number(std::string_view label) {
        const std::string_view digits = next(label);
        std::uint64_t number_ = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), number_);
        return number_;
    }
    Hash hash(std::string_view label) { return sized<Hash>(from_base64(next(label))).value_or(Hash{}); }
};

bool is_uuid(std::string_view text) {
    std::string digits(text);
    std::erase(digits, '-');
    const auto uuid = sized<Uuid>(from_hex(digits));
    return uuid && uuid_text(*uuid) == text;
}

// The numbers are bigint in the database.
bool in_range(const Head& head) {
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return head.tree_size <= most && head.block <= most && head.incarnation <= most;
}

// Of a pair of which the one with the smaller tree, or the earlier block, is `older`.
std::optional<std::string> fault_in_order(const SignedHead& older, const SignedHead& newer) {
    const Head first = parse_head(older.text);
    const Head second = parse_head(newer.text);
    if (first.origin != second.origin) return "the heads are of different installations";
    if (first.tree_size == second.tree_size && first.root != second.root)
        return "the heads have different roots for the same size: the history was forked";
    if (first.tree_size > second.tree_size || first.incarnation > second.incarnation)
        return "the later block has a smaller tree or an earlier incarnation: the history was forked";
    if (first.block == second.block && older.text != newer.text)
        return "the heads are of the same block and differ: the history was forked";
    if (first.block + 1 == second.block && second.previous != sha256(bytes_of(older.text)))
        return "the second head does not name the first as the previous: the history was forked";
    return std::nullopt;
}

} // namespace

std::string head_text(const Head& head) {
    const std::string lines[] = {
        std::string(version_line),
        head.origin,
        std::to_string(head.tree_size),
        base64(head.root),
        "block " + std::to_string(head.block),
        "previous " + base64(head.previous),
        "incarnation " + std::to_string(head.incarnation),
        "sealed " + timestamp_text(head.sealed_at, "Z"),
    };
    std::string text;
    for (const std::string& line : lines)
        text += line + '\n';
    return text;
}

Head parse_head(std::string_view text) {
    Lines lines{text};
    lines.next({});
    Head head;
    head.origin = lines.next({});
    head.tree_size = lines.number({});
    head.root = lines.hash({});
    head.block = lines.number("block ");
    head.previous = lines.hash("previous ");
    head.incarnation = lines.number("incarnation ");
    const auto sealed_at = parse_timestamp(lines.next("sealed "));
    head.sealed_at = sealed_at.value_or(0);
    if (!sealed_at || !is_uuid(head.origin) || !in_range(head) || head_text(head) != text)
        throw Rejection(Reason::invalid_value, "malformed head");
    return head;
}

SignedHead sign_head(const Head& head, const SigningKey& key) {
    SignedHead signed_head{head_text(head), {}, key.public_key()};
    signed_head.signature = key.sign(signed_head.text);
    return signed_head;
}

std::optional<std::string> fault_of(const SignedHead& head, const std::optional<PublicKey>& trusted) {
    if (trusted && *trusted != head.public_key)
        return "the head is signed by key " + key_id(head.public_key) + ", not by the trusted key " +
               key_id(*trusted);
    if (!verify_signature(head.public_key, head.text, head.signature))
        return "the signature of the head is wrong";
    return std::nullopt;
}

std::optional<std::string> fault_between(const SignedHead& one, const SignedHead& other) {
    const bool in_order = parse_head(one.text).block <= parse_head(other.text).block;
    return in_order ? fault_in_order(one, other) : fault_in_order(other, one);
}

} // namespace auxeira::ledger
