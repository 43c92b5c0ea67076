#include "app/watch_wall.h"

#include <catch2/catch.hpp>
#include <future>
#include <thread>

using namespace prepay;
using namespace prepay::reporting;

namespace {

using std::chrono::milliseconds;

struct Sent {
    bool snapshot = false;
    std::vector<WallImage::Row> rows;
    std::chrono::steady_clock::time_point time;
};

// A client in a thread of its own; every message can be waited for.
class Client {
public:
    Client(const WallImage& image, const WatchOptions& options, bool blocked = false)
        : blocked_(blocked), thread_([this, &image, options] {
              watch_wall(image, "park", options,
                         {[this](bool snapshot, const auto& rows) { return take(snapshot, rows); },
                          [this] { return is_gone(); }});
          }) {}
    ~Client() { leave(); }

    std::vector<Sent> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        const bool arrived = changed_.wait_for(lock, std::chrono::seconds(20),
                                               [&] { return sent_.size() >= count; });
        REQUIRE(arrived);
        return sent_;
    }
    void unblock() {
        const std::lock_guard lock(mutex_);
        blocked_ = false;
        changed_.notify_all();
    }
    void leave() {
        {
            const std::lock_guard lock(mutex_);
            gone_ = true;
            blocked_ = false;
            changed_.notify_all();
        }
        if (thread_.joinable()) {
            thread_.join();
        }
    }

private:
    bool take(bool snapshot, const std::vector<WallImage::Row>& rows) {
        std::unique_lock lock(mutex_);
        sent_.push_back({snapshot, rows, std::chrono::steady_clock::now()});
        changed_.notify_all();
        changed_.wait(lock, [this] { return !blocked_; });
        return !gone_;
    }
    bool is_gone() {
        const std::lock_guard lock(mutex_);
        return gone_;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Sent> sent_;
    bool blocked_ = false;
    bool gone_ = false;
    std::thread thread_;
};

WallFacts rooms(int count, std::int64_t power_w) {
    WallFacts facts;
    for (int i = 1; i <= count; ++i) {
        const std::string n = std::to_string(i);
        facts.rooms.push_back({"r" + n, "park", "1", "1", n, {"m" + n}});
        MeterFacts meter;
        meter.meter_id = "m" + n;
        meter.online = true;
        meter.power_w = power_w;
        facts.meters.push_back(meter);
    }
    return facts;
}

const Instant kNow = from_micros(1'800'000'000'000'000);

}  // namespace

TEST_CASE("A watcher gets the whole wall in chunks, then what changes") {
    WallImage image;
    image.apply(rooms(450, 1), kNow);
    WatchOptions options;
    options.change_interval = milliseconds(20);
    options.cancel_check_interval = milliseconds(10);
    Client client(image, options);
    const std::vector<Sent> snapshot = client.wait_for(4);
    CHECK(snapshot[0].rows.size() == 200);
    CHECK(snapshot[1].rows.size() == 200);
    CHECK(snapshot[2].rows.size() == 50);
    CHECK(snapshot[2].snapshot);
    CHECK_FALSE(snapshot[3].snapshot);  // Complete.
    CHECK(snapshot[3].rows.empty());
    image.apply(rooms(1, 77), kNow);
    const std::vector<Sent> changed = client.wait_for(5);
    REQUIRE(changed[4].rows.size() == 1);
    CHECK(changed[4].rows[0]->power_w == 77);
    CHECK_FALSE(changed[4].snapshot);
}

TEST_CASE("An empty wall is a snapshot too, and heartbeats come") {
    WallImage image;
    WatchOptions options;
    options.heartbeat_interval = milliseconds(30);
    options.cancel_check_interval = milliseconds(10);
    options.change_interval = milliseconds(10);
    Client client(image, options);
    const std::vector<Sent> sent = client.wait_for(5);
    CHECK(sent[0].snapshot);
    for (std::size_t i = 1; i < 5; ++i) {
        CHECK_FALSE(sent[i].snapshot);
        CHECK(sent[i].rows.empty());
    }
    CHECK(sent[4].time - sent[2].time >= milliseconds(60));
}

TEST_CASE("A room that changes all the time is sent at most once an interval") {
    WallImage image;
    image.apply(rooms(1, 1), kNow);
    WatchOptions options;
    options.change_interval = milliseconds(200);
    options.cancel_check_interval = milliseconds(10);
    Client client(image, options);
    client.wait_for(2);
    std::atomic<bool> done{false};
    std::thread writer([&] {
        for (int i = 2; !done; ++i) {
            image.apply(rooms(1, i), kNow);
        }
    });
    const std::vector<Sent> sent = client.wait_for(5);
    done = true;
    writer.join();
    for (std::size_t i = 3; i < 5; ++i) {
        CHECK(sent[i].time - sent[i - 1].time >= milliseconds(195));
        CHECK(sent[i].rows.size() == 1);
    }
}

TEST_CASE("A client that does not read blocks nobody and catches up with the newest state") {
    WallImage image;
    image.apply(rooms(3, 1), kNow);
    WatchOptions options;
    options.change_interval = milliseconds(10);
    options.cancel_check_interval = milliseconds(10);
    Client slow(image, options, true);
    slow.wait_for(1);  // Inside its first write.
    for (int i = 2; i <= 5000; ++i) {
        image.apply(rooms(3, i), kNow);  // Would hang if the writer waited for the client.
    }
    slow.unblock();
    const std::vector<Sent> sent = slow.wait_for(3);
    REQUIRE(sent[2].rows.size() == 3);
    CHECK(sent[2].rows[0]->power_w == 5000);
}

TEST_CASE("A watcher ends when its client leaves") {
    WallImage image;
    WatchOptions options;
    options.cancel_check_interval = milliseconds(10);
    Client client(image, options);
    client.wait_for(2);
    client.leave();  // Joins the thread.
    SUCCEED();
}
