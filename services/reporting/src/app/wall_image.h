#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/time.h"
#include "domain/wall.h"

namespace prepay::reporting {

struct SiteFacts {
    std::string site_id;
    TimeZone zone = TimeZone::utc();
};

/// Facts that are new or different; each replaces what was known under its id.
struct WallFacts {
    std::vector<SiteFacts> sites;
    std::vector<RoomFacts> rooms;
    std::vector<OccupancyFacts> occupancies;
    std::vector<AccountFacts> accounts;
    std::vector<MeterFacts> meters;
    std::vector<DayFacts> days;
};

/// Empty members match everything.
struct WallFilter {
    std::string site_id;
    std::string building;
    std::string floor;
    std::vector<WallState> states;
    std::string query;  ///< Part of room, customer or meter, any case.
};

/// The room wall in memory, shared by everybody who looks at it: one writer applies facts, any
/// number of readers take rows. Rows are immutable and handed out by pointer, so a slow reader
/// holds nothing up. Size: one row a room. Thread-safe but for apply() and local_dates(), which
/// belong to the writer.
class WallImage {
public:
    using Row = std::shared_ptr<const WallRow>;
    struct Changes {
        std::uint64_t change_number = 0;  ///< Ask for what comes after this one next time.
        std::vector<Row> rows;
    };
    struct Page {
        std::vector<Row> rows;
        bool has_more = false;
    };

    /// Merges facts and composes the rooms they touch; all rooms when a local day or an occupancy
    /// began or ended since the last call. Rooms that come out as before do not count as changed.
    void apply(const WallFacts& facts, Instant now);

    /// Today's date in every zone of the sites.
    [[nodiscard]] std::set<LocalDate> local_dates(Instant now) const;

    /// Whether facts were applied at least once.
    [[nodiscard]] bool is_loaded() const;
    [[nodiscard]] std::size_t room_count() const;

    /// Rows of a site (empty = all) changed after a number, in wall order; 0 gives all.
    [[nodiscard]] Changes changes_since(std::uint64_t change_number,
                                        const std::string& site_id) const;
    /// Whether something changed after the number, waiting for it at most that long.
    bool wait_for_change(std::uint64_t change_number, Duration wait_max) const;

    /// Rows that pass the filter in wall order, those after room `after_room_id` (empty = from the
    /// first), at most `count_max`.
    [[nodiscard]] Page list(const WallFilter& filter, const std::string& after_room_id,
                            std::size_t count_max) const;

private:
    struct Entry {
        Row row;
        std::uint64_t change_number = 0;
    };
    using RoomSet = std::unordered_set<std::string>;

    void merge(const WallFacts& facts, Instant now, RoomSet& touched);
    void merge_occupancy(const OccupancyFacts& occupancy, Instant now);
    void drop_ended_occupancies(Instant now);
    [[nodiscard]] Instant next_boundary(Instant now) const;
    [[nodiscard]] WallRow compose(const RoomFacts& room, Instant now) const;
    void publish(const RoomSet& touched, Instant now);

    // The writer's own.
    std::unordered_map<std::string, TimeZone> zones_;
    std::unordered_map<std::string, RoomFacts> rooms_;
    std::unordered_map<std::string, RoomSet> rooms_of_meter_;
    std::unordered_map<std::string, MeterFacts> meters_;
    std::unordered_map<std::string, std::vector<OccupancyFacts>> occupancies_;  // By room.
    std::unordered_map<std::string, RoomSet> rooms_of_account_;
    std::unordered_map<std::string, AccountFacts> accounts_;
    std::unordered_map<std::string, DayFacts> days_;  // By room, the newest.
    Instant next_boundary_{};

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::unordered_map<std::string, Entry> entries_;
    std::uint64_t change_number_ = 0;
    bool is_loaded_ = false;
};

}  // namespace prepay::reporting
