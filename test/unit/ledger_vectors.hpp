// The vectors of test/vectors/ledger.json, which another implementation computed.
#pragma once

#include <fstream>
#include <optional>
#include <random>
#include <string>

#include <nlohmann/json.hpp>

#include "ledger/bytes.hpp"
#include "ledger/receipt.hpp"
#include "rejection.hpp"

namespace auxeira::ledger {

using nlohmann::json;

inline const json& vectors() {
    static const json read = json::parse(std::ifstream(TEST_DIRECTORY "/vectors/ledger.json"));
    return read;
}

// Of exactly the length that it has: whatever reads beyond it is stopped by the sanitizer.
inline Bytes bytes(const json& hexadecimal) {
    return from_hex(hexadecimal.get<std::string>()).value();
}

template <typename Array>
Array fixed(const json& hexadecimal) {
    return sized<Array>(bytes(hexadecimal)).value();
}

inline std::vector<Hash> hashes(const json& list) {
    std::vector<Hash> result;
    for (const json& hash : list)
        result.push_back(fixed<Hash>(hash));
    return result;
}

inline std::optional<Bytes> row_of(const json& row) {
    return row.is_null() ? std::nullopt : std::optional(bytes(row));
}

inline std::optional<ByteView> view(const std::optional<Bytes>& row) {
    return row ? std::optional<ByteView>(*row) : std::nullopt;
}

inline SignedHead head_of(const json& object) {
    return {object["head"], fixed<Signature>(object["signature"]), fixed<PublicKey>(object["publicKey"])};
}

inline Receipt receipt_of(const json& object) {
    return {fixed<Salt>(object["salt"]), bytes(object["metadata"]),
            row_of(object["row"]),       fixed<Hash>(object["leaf"]),
            object["leafIndex"],         object["treeSize"],
            hashes(object["path"]),      head_of(object)};
}

inline Consistency consistency_of(const json& object) {
    return {head_of(object["first"]), head_of(object["second"]), hashes(object["path"])};
}

// Whether it is refused; anything but a Rejection ends the test.
template <typename Function>
bool refused(Function function) {
    try {
        function();
        return false;
    } catch (const Rejection&) {
        return true;
    }
}

inline void flip(std::span<std::uint8_t> bytes_, std::size_t bit) {
    bytes_[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
}

} // namespace auxeira::ledger
