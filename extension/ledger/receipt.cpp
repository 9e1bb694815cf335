#include "ledger/receipt.hpp"

#include "ledger/leaf.hpp"
#include "ledger/merkle.hpp"
#include "ledger/readable.hpp"

namespace auxeira::ledger {

namespace {

constexpr std::string_view opening = "{\"version\":1,";

std::string hex_json(ByteView bytes) {
    return json_text(hex(bytes));
}

std::string path_json(const std::vector<Hash>& path) {
    std::string json = "[";
    for (const Hash& hash : path)
        json += (json.size() > 1 ? "," : "") + hex_json(hash);
    return json + ']';
}

std::string members_of(const SignedHead& head) {
    return "\"head\":" + json_text(head.text) + ",\"signature\":" + hex_json(head.signature) +
           ",\"publicKey\":" + hex_json(head.public_key);
}

std::optional<ByteView> view(const std::optional<Bytes>& bytes) {
    return bytes ? std::optional<ByteView>(*bytes) : std::nullopt;
}

} // namespace

std::string json_of(const SignedHead& head) {
    return std::string(opening) + members_of(head) + '}';
}

std::string json_of(const Receipt& receipt) {
    std::string json(opening);
    json += "\"change\":" + readable_change(receipt.metadata, view(receipt.row));
    json += ",\"salt\":" + hex_json(receipt.salt) + ",\"metadata\":" + hex_json(receipt.metadata);
    json += ",\"row\":" + (receipt.row ? hex_json(*receipt.row) : "null");
    json += ",\"leaf\":" + hex_json(receipt.leaf) + ",\"leafIndex\":" + std::to_string(receipt.leaf_index);
    json += ",\"treeSize\":" + std::to_string(receipt.tree_size) + ",\"path\":" + path_json(receipt.path);
    return json + ',' + members_of(receipt.head) + '}';
}

std::string json_of(const Consistency& consistency) {
    return std::string(opening) + "\"first\":{" + members_of(consistency.first) + "},\"second\":{" +
           members_of(consistency.second) + "},\"path\":" + path_json(consistency.path) + '}';
}

std::optional<std::string> fault_of(const Receipt& receipt, const std::optional<PublicKey>& trusted) {
    if (leaf_hash(receipt.salt, receipt.metadata, view(receipt.row)) != receipt.leaf)
        return "the leaf is not the hash of the salt, the metadata and the row";
    if (auto fault = fault_of(receipt.head, trusted)) return fault;
    const Head head = parse_head(receipt.head.text);
    if (head.tree_size != receipt.tree_size) return "the tree size is not that of the head";
    if (!verify_inclusion(receipt.leaf, receipt.leaf_index, head.tree_size, receipt.path, head.root))
        return "the path does not lead from the leaf to the root of the head";
    return std::nullopt;
}

std::optional<std::string> fault_of(const Consistency& consistency, const std::optional<PublicKey>& trusted) {
    if (auto fault = fault_of(consistency.first, trusted)) return "first: " + *fault;
    if (auto fault = fault_of(consistency.second, trusted)) return "second: " + *fault;
    if (auto fault = fault_between(consistency.first, consistency.second)) return fault;
    const Head first = parse_head(consistency.first.text);
    const Head second = parse_head(consistency.second.text);
    if (!verify_consistency(first.tree_size, first.root, second.tree_size, second.root, consistency.path))
        return "the path does not show that the first tree is the beginning of the second";
    return std::nullopt;
}

} // namespace auxeira::ledger
