#include "app/wall_image.h"

#include <algorithm>
#include <cctype>

namespace prepay::reporting {
namespace {

std::string lower(const std::string& text) {
    std::string result = text;
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

bool contains(const std::string& text, const std::string& lower_query) {
    return lower(text).find(lower_query) != std::string::npos;
}

bool passes(const WallRow& row, const WallFilter& filter, const std::string& lower_query) {
    const auto matches = [](const std::string& wanted, const std::string& value) {
        return wanted.empty() || wanted == value;
    };
    if (!matches(filter.site_id, row.site_id) || !matches(filter.building, row.building) ||
        !matches(filter.floor, row.floor)) {
        return false;
    }
    if (!filter.states.empty() &&
        std::find(filter.states.begin(), filter.states.end(), row.state) == filter.states.end()) {
        return false;
    }
    return lower_query.empty() || contains(row.display_name, lower_query) ||
           contains(row.customer_name, lower_query) || contains(row.room_id, lower_query) ||
           std::any_of(row.meter_ids.begin(), row.meter_ids.end(),
                       [&](const std::string& id) { return contains(id, lower_query); });
}

bool row_order(const WallImage::Row& a, const WallImage::Row& b) { return wall_order(*a, *b); }

}  // namespace

void WallImage::apply(const WallFacts& facts, Instant now) {
    RoomSet touched;
    merge(facts, now, touched);
    const bool boundary_passed = now >= next_boundary_;
    if (boundary_passed || !facts.sites.empty()) {
        for (const auto& [room_id, room] : rooms_) {
            touched.insert(room_id);
        }
    }
    if (boundary_passed) {
        drop_ended_occupancies(now);
    }
    if (boundary_passed || !facts.sites.empty() || !facts.occupancies.empty()) {
        next_boundary_ = next_boundary(now);
    }
    publish(touched, now);
}

void WallImage::merge(const WallFacts& facts, Instant now, RoomSet& touched) {
    for (const SiteFacts& site : facts.sites) {
        zones_.insert_or_assign(site.site_id, site.zone);
    }
    for (const RoomFacts& room : facts.rooms) {
        if (const auto known = rooms_.find(room.room_id); known != rooms_.end()) {
            for (const std::string& meter_id : known->second.meter_ids) {
                rooms_of_meter_[meter_id].erase(room.room_id);
            }
        }
        for (const std::string& meter_id : room.meter_ids) {
            rooms_of_meter_[meter_id].insert(room.room_id);
        }
        rooms_.insert_or_assign(room.room_id, room);
        touched.insert(room.room_id);
    }
    for (const OccupancyFacts& occupancy : facts.occupancies) {
        merge_occupancy(occupancy, now);
        touched.insert(occupancy.room_id);
    }
    for (const AccountFacts& account : facts.accounts) {
        accounts_.insert_or_assign(account.account_id, account);
        const RoomSet& rooms = rooms_of_account_[account.account_id];
        touched.insert(rooms.begin(), rooms.end());
    }
    for (const MeterFacts& meter : facts.meters) {
        meters_.insert_or_assign(meter.meter_id, meter);
        const RoomSet& rooms = rooms_of_meter_[meter.meter_id];
        touched.insert(rooms.begin(), rooms.end());
    }
    for (const DayFacts& day : facts.days) {
        DayFacts& known = days_.try_emplace(day.room_id, day).first->second;
        if (known.date <= day.date) {
            known = day;
        }
        touched.insert(day.room_id);
    }
}

void WallImage::merge_occupancy(const OccupancyFacts& occupancy, Instant now) {
    std::vector<OccupancyFacts>& of_room = occupancies_[occupancy.room_id];
    std::erase_if(of_room, [&](const OccupancyFacts& known) {
        return known.occupancy_id == occupancy.occupancy_id;
    });
    const bool is_over = occupancy.end_time && *occupancy.end_time <= now;
    if (occupancy.is_effective && !is_over) {
        of_room.push_back(occupancy);
        rooms_of_account_[occupancy.account_id].insert(occupancy.room_id);
    }
}

void WallImage::drop_ended_occupancies(Instant now) {
    for (auto& [room_id, of_room] : occupancies_) {
        std::erase_if(of_room, [&](const OccupancyFacts& occupancy) {
            return occupancy.end_time && *occupancy.end_time <= now;
        });
    }
}

Instant WallImage::next_boundary(Instant now) const {
    Instant next = now + std::chrono::hours(24);
    const auto consider = [&](Instant instant) {
        if (instant > now) {
            next = std::min(next, instant);
        }
    };
    for (const auto& [site_id, zone] : zones_) {
        consider(day_start(zone, next_day(local_date_at(zone, now))));
    }
    for (const auto& [room_id, of_room] : occupancies_) {
        for (const OccupancyFacts& occupancy : of_room) {
            consider(occupancy.start_time);
            consider(occupancy.end_time.value_or(now));
        }
    }
    return next;
}

WallRow WallImage::compose(const RoomFacts& room, Instant now) const {
    std::vector<const MeterFacts*> meters;
    for (const std::string& meter_id : room.meter_ids) {
        if (const auto found = meters_.find(meter_id); found != meters_.end()) {
            meters.push_back(&found->second);
        }
    }
    std::string account_id;
    const AccountFacts* account = nullptr;
    if (const auto of_room = occupancies_.find(room.room_id); of_room != occupancies_.end()) {
        if (const OccupancyFacts* current = occupancy_at(of_room->second, now)) {
            account_id = current->account_id;
            const auto found = accounts_.find(account_id);
            account = found == accounts_.end() ? nullptr : &found->second;
        }
    }
    const DayFacts* today = nullptr;
    const auto zone = zones_.find(room.site_id);
    const auto day = days_.find(room.room_id);
    if (zone != zones_.end() && day != days_.end() &&
        day->second.date == local_date_at(zone->second, now)) {
        today = &day->second;
    }
    return compose_row(room, meters, account_id, account, today);
}

void WallImage::publish(const RoomSet& touched, Instant now) {
    std::vector<Row> fresh;
    for (const std::string& room_id : touched) {
        if (const auto room = rooms_.find(room_id); room != rooms_.end()) {
            fresh.push_back(std::make_shared<const WallRow>(compose(room->second, now)));
        }
    }
    {
        const std::lock_guard lock(mutex_);
        is_loaded_ = true;
        const std::uint64_t number = change_number_ + 1;
        for (Row& row : fresh) {
            Entry& entry = entries_[row->room_id];
            if (!entry.row || *entry.row != *row) {
                entry = {std::move(row), number};
                change_number_ = number;
            }
        }
    }
    changed_.notify_all();
}

std::set<LocalDate> WallImage::local_dates(Instant now) const {
    std::set<LocalDate> dates;
    for (const auto& [site_id, zone] : zones_) {
        dates.insert(local_date_at(zone, now));
    }
    return dates;
}

bool WallImage::is_loaded() const {
    const std::lock_guard lock(mutex_);
    return is_loaded_;
}

std::size_t WallImage::room_count() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

WallImage::Changes WallImage::changes_since(std::uint64_t change_number,
                                            const std::string& site_id) const {
    Changes changes;
    {
        const std::lock_guard lock(mutex_);
        changes.change_number = change_number_;
        for (const auto& [room_id, entry] : entries_) {
            if (entry.change_number > change_number &&
                (site_id.empty() || entry.row->site_id == site_id)) {
                changes.rows.push_back(entry.row);
            }
        }
    }
    std::sort(changes.rows.begin(), changes.rows.end(), row_order);
    return changes;
}

bool WallImage::wait_for_change(std::uint64_t change_number, Duration wait_max) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, wait_max, [&] { return change_number_ > change_number; });
}

WallImage::Page WallImage::list(const WallFilter& filter, const std::string& after_room_id,
                                std::size_t count_max) const {
    const std::string lower_query = lower(filter.query);
    Page page;
    Row after;
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = entries_.find(after_room_id); found != entries_.end()) {
            after = found->second.row;
        }
        for (const auto& [room_id, entry] : entries_) {
            if (passes(*entry.row, filter, lower_query) &&
                (!after || wall_order(*after, *entry.row))) {
                page.rows.push_back(entry.row);
            }
        }
    }
    std::sort(page.rows.begin(), page.rows.end(), row_order);
    page.has_more = page.rows.size() > count_max;
    page.rows.resize(std::min(page.rows.size(), count_max));
    return page;
}

}  // namespace prepay::reporting
