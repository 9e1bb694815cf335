#include "ledger/metadata.hpp"

#include <algorithm>

#include "ledger/reader.hpp"
#include "rejection.hpp"

namespace auxeira::ledger {

namespace {

// By FieldKind; 0 for any length.
constexpr std::array<std::size_t, 6> lengths{8, 8, 0, 1, 0, 16};

class Fields {
public:
    explicit Fields(Bytes& out) : out_(out) {}

    void add(ByteView content) {
        const auto length = big_endian(static_cast<std::uint32_t>(content.size()));
        std::uint8_t* to = extend(out_, 1 + length.size() + content.size());
        *to++ = ++number_;
        std::copy(content.begin(), content.end(), std::copy(length.begin(), length.end(), to));
    }
    void add(const std::optional<Uuid>& uuid) { uuid ? add(ByteView(*uuid)) : leave_out(); }
    void add(const std::optional<std::string_view>& text) { text ? add(bytes_of(*text)) : leave_out(); }

private:
    void leave_out() { ++number_; }

    Bytes& out_;
    std::uint8_t number_ = 0;
};

void require_all(const MetadataContents& contents) {
    for (std::size_t i = 0; i < contents.size(); ++i) {
        if (metadata_fields[i].required && !contents[i])
            refuse_encoding("a field of the metadata is missing");
    }
    if (operation_letters.find(text_of(*contents[4])) == std::string_view::npos)
        refuse_encoding("the operation is not known");
}

} // namespace

void encode(const Metadata& metadata, Bytes& out) {
    Fields fields(out);
    fields.add(big_endian(static_cast<std::uint64_t>(metadata.change_id)));
    fields.add(big_endian(metadata.xid));
    fields.add(big_endian(static_cast<std::uint64_t>(metadata.at)));
    fields.add(bytes_of(metadata.table));
    fields.add(bytes_of({&metadata.operation, 1}));
    fields.add(metadata.key);
    for (const auto* uuid : {&metadata.organization, &metadata.user, &metadata.session})
        fields.add(*uuid);
    for (const auto* text : {&metadata.role, &metadata.login, &metadata.address, &metadata.request_id,
                             &metadata.trace_id, &metadata.reason})
        fields.add(*text);
}

MetadataContents read_metadata(ByteView bytes) {
    MetadataContents contents;
    Reader reader(bytes);
    for (std::size_t last = 0; !reader.done();) {
        const std::size_t number = reader.number<std::uint8_t>();
        if (number <= last || number > contents.size()) refuse_encoding("the metadata are not in order");
        const ByteView content = reader.take(reader.number<std::uint32_t>());
        const std::size_t length = lengths[static_cast<std::size_t>(metadata_fields[number - 1].kind)];
        if (length != 0 && content.size() != length)
            refuse_encoding("a field of the metadata has a wrong length");
        contents[number - 1] = content;
        last = number;
    }
    require_all(contents);
    return contents;
}

} // namespace auxeira::ledger
