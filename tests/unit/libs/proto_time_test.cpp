#include "core/proto_time.h"

#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include <catch2/catch.hpp>

namespace prepay {

using google::protobuf::Timestamp;
using google::protobuf::util::TimeUtil;

TEST_CASE("an instant and a protobuf time are one another, also before 1970") {
    struct Row {
        std::int64_t micros;
        std::int64_t seconds;
        std::int32_t nanos;
    };
    for (const Row& row :
         std::initializer_list<Row>{{0, 0, 0},
                                    {1, 0, 1'000},
                                    {999'999, 0, 999'999'000},
                                    {1'795'276'800'250'000, 1'795'276'800, 250'000'000},
                                    {-1, -1, 999'999'000},
                                    {-1'000'000, -1, 0},
                                    {-1'500'000, -2, 500'000'000}}) {
        CAPTURE(row.micros);
        Timestamp time;
        set_time(time, from_micros(row.micros));
        CHECK(time.seconds() == row.seconds);
        CHECK(time.nanos() == row.nanos);
        CHECK(to_micros(from_proto_time(time)) == row.micros);
        CHECK(TimeUtil::MicrosecondsToTimestamp(row.micros) == time);
        CHECK(TimeUtil::TimestampToMicroseconds(time) == row.micros);
    }
}

TEST_CASE("what is less than a microsecond is cut, and a time of no calendar fits") {
    Timestamp time;
    time.set_seconds(1);
    time.set_nanos(999);
    CHECK(to_micros(from_proto_time(time)) == 1'000'000);
    CHECK(find_proto_time(true, time) == from_micros(1'000'000));
    CHECK_FALSE(find_proto_time(false, time).has_value());
    time.set_nanos(0);
    time.set_seconds(INT64_MAX);
    CHECK(format_time(from_proto_time(time)) == "9999-12-31T23:59:59Z");
    time.set_seconds(INT64_MIN);
    CHECK(to_micros(from_proto_time(time)) == -62'135'596'800'000'000);
}

}  // namespace prepay
