#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/time.h"
#include "support/owner_stream.h"

namespace prepay::account::test {

/// Account for the tests of its consumers: they see its topics and none of its headers, whose names
/// are those of other services' too.
class AccountOwner {
public:
    explicit AccountOwner(int partition_count);
    ~AccountOwner();
    AccountOwner(const AccountOwner&) = delete;
    AccountOwner& operator=(const AccountOwner&) = delete;

    /// A room of the site "park-1" with the meter "<room>-m1".
    void make_room(const std::string& room);
    /// Opens an account in the room; gives its id.
    std::string open(const std::string& room, std::int64_t top_up_micros);
    void top_up(const std::string& account_id, std::int64_t micros);
    /// Charges as billing publishes them: account and amount.
    void charge(const std::vector<std::pair<std::string, std::int64_t>>& charges);
    [[nodiscard]] Instant now() const;
    prepay::test::OwnerStream& stream();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace prepay::account::test
