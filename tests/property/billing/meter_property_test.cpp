#include <catch2/catch.hpp>

#include <algorithm>

#include "property/billing/generators.h"
#include "rating/app/meter_work.h"

namespace prepay::billing {
namespace {

using testing::any_tariff;

/// A meter of either resource, of two tariff versions and a few tenants, some with registers at
/// their borders.
struct Story {
    TariffDefinition first_definition = any_tariff();
    TariffDefinition second_definition = any_tariff();
    CompiledTariff first{testing::compile(first_definition)};
    CompiledTariff second{testing::compile(second_definition)};
    std::vector<Reading> readings;
    MeterWork work;

    Story() : Story(*rc::gen::element(Resource::kElectricity, Resource::kWater)) {}

    explicit Story(Resource resource) {
        work.meter_key = 1;
        work.meter_id = "m";
        Instant time = testing::any_moment();
        const Instant start = time;
        std::int64_t units = *rc::gen::inRange(0, 1'000'000);
        const int count = *rc::gen::inRange(3, 25);
        for (int i = 1; i <= count; ++i) {
            readings.push_back({time, 0, time, RegisterTotal::from_base_units(units), 0, i});
            time += std::chrono::seconds(*rc::gen::inRange(60, 20'000));
            units += *rc::gen::inRange(0, 3'000);
        }
        work.state.tariffs = {{start, "t", 1, 1, resource, &first},
                              {start + (time - start) / 2, "t", 1, 2, resource, &second}};
        add_tenants(start, time);
    }

    void add_tenants(Instant start, Instant end) {
        Occupancy vacancy;
        vacancy.key = 1;
        vacancy.occupancy_id = "v";
        vacancy.account_id = "vacancy";
        vacancy.start = start - std::chrono::hours(1);
        vacancy.vacancy = true;
        work.state.occupancies = {vacancy};
        const int count = *rc::gen::inRange(0, 4);
        for (int i = 0; i < count; ++i) {
            Occupancy o;
            o.key = 2 + i;
            o.occupancy_id = "o" + std::to_string(i);
            o.account_id = "a" + std::to_string(i);
            o.start = start + (end - start) * *rc::gen::inRange(0, 900) / 1000;
            if (*rc::gen::arbitrary<bool>()) {
                o.end = o.start + (end - start) * *rc::gen::inRange(1, 500) / 1000;
            }
            const auto& some = *rc::gen::elementOf(readings);
            o.opening_register = *rc::gen::arbitrary<bool>() ? some.total.base_units() + 7 : -1;
            o.closing_register = *rc::gen::arbitrary<bool>() ? some.total.base_units() + 11 : -1;
            work.state.occupancies.push_back(o);
        }
        std::sort(work.state.occupancies.begin(), work.state.occupancies.end(),
                  [](const Occupancy& a, const Occupancy& b) { return a.start < b.start; });
    }
};

struct Books {
    std::vector<Charge> charges;
    std::map<std::string, std::int64_t> remainders{
        {"vacancy", 0}, {"a0", 0}, {"a1", 0}, {"a2", 0}, {"a3", 0}};
    std::vector<Charge> open;  ///< Not reversed.

    void post(MeterWork& work) {
        OutcomeCounts counts{};
        bill(work, counts);
        for (Charge& charge : settle({work}, remainders)) {
            charge.charge_id = static_cast<std::int64_t>(charges.size()) + 1;
            if (charge.reversal_of) {
                std::erase_if(open,
                              [&](const Charge& c) { return c.charge_id == *charge.reversal_of; });
            } else {
                open.push_back(charge);
            }
            charges.push_back(charge);
        }
        std::sort(open.begin(), open.end(),
                  [](const Charge& a, const Charge& b) { return a.start < b.start; });
        work.readings.clear();
        work.undone.clear();
        work.drafts.clear();
    }

    std::vector<Charge> since(Instant moment) const {
        std::vector<Charge> found;
        for (const Charge& charge : open) {
            if (charge.energy().to.read_time >= moment) {
                found.push_back(charge);
            }
        }
        return found;
    }

    [[nodiscard]] std::int64_t quantity() const {
        std::int64_t sum = 0;
        for (const Charge& charge : charges) {
            sum += charge.energy().quantity.base_units();
        }
        return sum;
    }
};

void assert_same_open(const Books& a, const Books& b) {
    RC_ASSERT(a.open.size() == b.open.size());
    for (std::size_t i = 0; i < a.open.size(); ++i) {
        RC_ASSERT(a.open[i].account_id == b.open[i].account_id);
        RC_ASSERT(a.open[i].energy().start_register == b.open[i].energy().start_register);
        RC_ASSERT(a.open[i].energy().end_register == b.open[i].energy().end_register);
        RC_ASSERT(a.open[i].lines == b.open[i].lines);
        RC_ASSERT(a.open[i].energy().after == b.open[i].energy().after);
    }
}

void assert_books_exact(const Books& books) {
    std::map<std::string, Int128> exact;
    std::map<std::string, Int128> rounded;
    for (const Charge& charge : books.charges) {
        RC_ASSERT(charge.reversal_of || charge.amount_micros >= 0);
        exact[charge.account_id] += charge.amount_picos;
        rounded[charge.account_id] += charge.amount_micros;
    }
    for (const auto& [account, picos] : exact) {
        const Int128 difference = picos - rounded[account] * kPicosPerMicro;
        RC_ASSERT(difference == books.remainders.at(account));
        const Int128 fen = 10'000 * kPicosPerMicro;
        RC_ASSERT(difference < fen && difference > -fen);
    }
}

TEST_CASE("I-4: charged quantity = last register - first register, to the Wh and mL") {
    CHECK(rc::check([] {
        Story story;
        Books books;
        story.work.readings = story.readings;
        books.post(story.work);
        const std::int64_t base = story.work.state.first->total.base_units();
        RC_ASSERT(books.quantity() == story.readings.back().total.base_units() - base);
        assert_books_exact(books);
    }));
}

TEST_CASE("I-5: an account of electricity and water carries one remainder, exactly") {
    CHECK(rc::check([] {
        Story energy(Resource::kElectricity);
        Story water(Resource::kWater);
        // Both meters stand in the same rooms.
        water.work.state.occupancies = energy.work.state.occupancies;
        for (Occupancy& o : water.work.state.occupancies) {
            o.opening_register = o.closing_register = -1;
            if (o.vacancy) {
                o.start = std::min(o.start, water.readings.front().read_time);
            }
        }
        Books books;
        std::size_t next = 0;
        for (const Reading& reading : energy.readings) {
            energy.work.readings = {reading};
            books.post(energy.work);
            assert_books_exact(books);
            if (next < water.readings.size()) {
                water.work.readings = {water.readings[next++]};
                books.post(water.work);
                assert_books_exact(books);
            }
        }
        std::int64_t litres = 0;
        std::int64_t watt_hours = 0;
        for (const Charge& charge : books.charges) {
            (charge.energy().quantity.resource() == Resource::kWater ? litres : watt_hours) +=
                charge.energy().quantity.base_units();
        }
        RC_ASSERT(watt_hours == energy.readings.back().total.base_units() -
                                    energy.work.state.first->total.base_units());
        RC_ASSERT(next == 0 || litres == water.readings[next - 1].total.base_units() -
                                             water.work.state.first->total.base_units());
        // Taken back and rated again, the two still share what is left.
        rewind(water.work, water.readings.front().read_time, [&] {
            std::vector<Charge> found;
            for (const Charge& charge : books.open) {
                if (charge.energy().quantity.resource() == Resource::kWater) {
                    found.push_back(charge);
                }
            }
            return found;
        }());
        books.post(water.work);
        assert_books_exact(books);
    }));
}

TEST_CASE("I-3: readings repeated any number of times charge nothing twice") {
    CHECK(rc::check([] {
        Story story;
        Story again = story;
        Books once;
        story.work.readings = story.readings;
        once.post(story.work);
        Books many;
        for (const Reading& reading : again.readings) {
            const int times = *rc::gen::inRange(1, 6);
            for (int i = 0; i < times; ++i) {
                again.work.readings = {reading};
                many.post(again.work);
            }
        }
        assert_same_open(once, many);
        RC_ASSERT(once.charges.size() == many.charges.size());
    }));
}

TEST_CASE("I-6: taking a meter back to any moment and rating again changes nothing") {
    CHECK(rc::check([] {
        Story story;
        Books books;
        story.work.readings = story.readings;
        books.post(story.work);
        const std::size_t before = books.charges.size();
        const auto base = story.work.state.base;
        const Instant moment = story.readings.front().read_time +
                               std::chrono::seconds(*rc::gen::inRange(-100, 300'000));
        rewind(story.work, moment, books.since(moment));
        books.post(story.work);
        RC_ASSERT(books.charges.size() == before);
        RC_ASSERT(story.work.state.base == base);
    }));
}

TEST_CASE("a late tenant ends in the same charges as one known from the start") {
    CHECK(rc::check([] {
        Story story;
        Story late = story;
        Books known;
        story.work.readings = story.readings;
        known.post(story.work);

        Books surprised;
        const auto all = late.work.state.occupancies;
        std::vector<Occupancy> some;
        for (const Occupancy& o : all) {
            if (o.vacancy || *rc::gen::arbitrary<bool>()) {
                some.push_back(o);
            }
        }
        late.work.state.occupancies = some;
        late.work.readings = late.readings;
        surprised.post(late.work);
        late.work.state.occupancies = all;
        if (const auto moment = first_difference(some, all)) {
            rewind(late.work, *moment, surprised.since(*moment));
            surprised.post(late.work);
        }
        assert_same_open(known, surprised);
        assert_books_exact(surprised);
        RC_ASSERT(known.quantity() == surprised.quantity());
    }));
}

TEST_CASE("readings in any order end in the same charges as in order") {
    CHECK(rc::check([] {
        Story story;
        Story shuffled = story;
        Books ordered;
        story.work.readings = story.readings;
        ordered.post(story.work);

        Books books;
        std::vector<Reading> rest = shuffled.readings;
        while (!rest.empty()) {
            const auto index = *rc::gen::inRange<std::size_t>(0, rest.size());
            const Reading reading = rest[index];
            rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(index));
            MeterWork& work = shuffled.work;
            work.readings = {reading};
            const bool inside =
                std::any_of(books.open.begin(), books.open.end(), [&](const Charge& c) {
                    return c.energy().from.slot_time < reading.slot_time &&
                           c.energy().to.slot_time > reading.slot_time;
                });
            if (is_history(work.state, reading) || inside) {
                rewind(work, reading.read_time, books.since(reading.read_time));
            }
            books.post(work);
        }
        RC_ASSERT(ordered.quantity() == books.quantity());
        assert_books_exact(books);
    }));
}

}  // namespace
}  // namespace prepay::billing
