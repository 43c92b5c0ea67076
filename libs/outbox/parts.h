#pragma once

#include <string>
#include <utility>
#include <vector>

#include "outbox/outbox.h"

namespace prepay::outbox {

/// Serialized bytes of an event before it is cut: a consumer takes a part in one transaction, and
/// answers it with an event of its own that may be somewhat larger.
constexpr std::size_t kPartBytesMax = 1 << 20;

/// An event of `items` as messages of one key: one message, or as many as it takes for none to be
/// larger than `part_bytes_max`, with the items in their order. `make_header(event)` is called for
/// every message, so that each has an event id of its own; the other fields are the same in all. An
/// item that is larger goes alone. `Event` is a protobuf message, `items` its accessor of the
/// repeated field, e.g. `&v1::ChargesRated::mutable_charges`; an event without items gives nothing.
template <typename Event, typename Items, typename MakeHeader>
std::vector<NewMessage> in_parts(const std::string& topic, const std::string& key, Event event,
                                 Items* (Event::*items)(), const MakeHeader& make_header,
                                 std::size_t part_bytes_max = kPartBytesMax) {
    constexpr std::size_t kItemFrameBytes = 8;  // Tag and length of an item.
    Items all;
    all.Swap((event.*items)());
    std::vector<NewMessage> messages;
    for (int next = 0; next < all.size();) {
        Event part = event;
        make_header(part);
        std::size_t bytes = part.ByteSizeLong();
        Items& taken = *(part.*items)();
        do {
            bytes += all.Get(next).ByteSizeLong() + kItemFrameBytes;
            if (bytes > part_bytes_max && !taken.empty()) {
                break;
            }
            taken.Add()->Swap(all.Mutable(next));
            ++next;
        } while (next < all.size());
        messages.push_back({topic, key, part.SerializeAsString()});
    }
    return messages;
}

}  // namespace prepay::outbox
