// Sealing of what the database keeps and must not be able to read: tokens of mails under way, TOTP secrets,
// credentials of integrations. The key is never in the database.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace auxeira::api {

class Vault {
public:
    static constexpr std::size_t key_bytes = 32;

    // What was sealed with the previous key can still be opened; an empty one is none.
    explicit Vault(std::string key, std::string previous_key = {});
    ~Vault();
    Vault(const Vault&) = delete;
    Vault& operator=(const Vault&) = delete;

    // XChaCha20-Poly1305. Opens again in the same context only, so that a sealed text that is moved to
    // another row or column is of no use there.
    std::string seal(std::string_view plain, std::string_view context) const;

    // Nothing when it was changed, cut, sealed in another context or with an unknown key.
    std::optional<std::string> open(std::string_view sealed, std::string_view context) const;

private:
    struct Key {
        std::string name; // says nothing about the key
        std::string bytes;
    };

    static Key named(std::string bytes);
    const Key* key_of(std::string_view name) const;

    Key key_;
    Key previous_;
};

} // namespace auxeira::api
