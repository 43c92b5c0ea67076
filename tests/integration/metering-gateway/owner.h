#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/time.h"
#include "support/owner_stream.h"

namespace prepay::metering::test {

/// The gateway's tables and topics for the tests of its consumers, as account's AccountOwner.
class MeteringOwner {
public:
    MeteringOwner(int partition_count, const std::vector<std::string>& meter_ids);
    ~MeteringOwner();
    MeteringOwner(const MeteringOwner&) = delete;
    MeteringOwner& operator=(const MeteringOwner&) = delete;

    /// A sweep of all meters: each has used `wh` since the last one and is in the state given.
    void sweep(Instant time, std::int64_t wh, bool is_online = true);
    prepay::test::OwnerStream& stream();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace prepay::metering::test
