#include "tariffs/convert.h"

#include <google/protobuf/util/json_util.h>

#include "core/assert.h"
#include "core/proto_time.h"
#include "quantity/text.h"

namespace prepay::billing {
namespace {

std::string date_text(const CivilDate& date) {
    char text[48];
    std::snprintf(text, sizeof text, "%04d-%02d-%02d", date.year, date.month, date.day);
    return text;
}

Result<CivilDate> date_from_text(const std::string& field, const std::string& text) {
    const bool shaped = text.size() == 10 && text[4] == '-' && text[7] == '-';
    const auto year = shaped ? parse_decimal(text.substr(0, 4), 0) : std::nullopt;
    const auto month = shaped ? parse_decimal(text.substr(5, 2), 0) : std::nullopt;
    const auto day = shaped ? parse_decimal(text.substr(8, 2), 0) : std::nullopt;
    if (!year || !month || !day) {
        return field_invalid(field, "'" + text + "' is not a date YYYY-MM-DD");
    }
    return CivilDate{static_cast<int>(*year), static_cast<int>(*month), static_cast<int>(*day)};
}

Result<Season> season_from_proto(const v1::Season& proto, const std::string& field) {
    Season season;
    season.name = proto.name();
    season.months.assign(proto.months().begin(), proto.months().end());
    for (const v1::DaySchedule& schedule : proto.schedules()) {
        if (!v1::DayType_IsValid(schedule.day_type())) {
            return field_invalid(field + ".schedules.day_type", "not a day type");
        }
        DaySchedule target;
        target.day_type = static_cast<DayType>(schedule.day_type());
        for (const v1::DaySlot& slot : schedule.slots()) {
            if (!v1::RatePeriod_IsValid(slot.period())) {
                return field_invalid(field + ".schedules.slots.period", "not a rate period");
            }
            target.slots.push_back(
                {slot.start_minute(), slot.end_minute(), static_cast<RatePeriod>(slot.period())});
        }
        season.schedules.push_back(std::move(target));
    }
    return season;
}

v1::Season to_proto(const Season& season) {
    v1::Season proto;
    proto.set_name(season.name);
    for (const int month : season.months) {
        proto.add_months(month);
    }
    for (const DaySchedule& schedule : season.schedules) {
        v1::DaySchedule* target = proto.add_schedules();
        target->set_day_type(static_cast<v1::DayType>(schedule.day_type));
        for (const DaySlot& slot : schedule.slots) {
            v1::DaySlot* target_slot = target->add_slots();
            target_slot->set_start_minute(slot.start_minute);
            target_slot->set_end_minute(slot.end_minute);
            target_slot->set_period(static_cast<v1::RatePeriod>(slot.period));
        }
    }
    return proto;
}

}  // namespace

Status field_invalid(const std::string& field, const std::string& message) {
    return invalid_argument("FIELD_INVALID", field + ": " + message, {{"field", field}});
}

common::v1::Resource to_proto(Resource resource) {
    return resource == Resource::kWater ? common::v1::RESOURCE_WATER
                                        : common::v1::RESOURCE_ELECTRICITY;
}

Resource from_proto(common::v1::Resource resource) {
    return resource == common::v1::RESOURCE_WATER ? Resource::kWater : Resource::kElectricity;
}

Result<TariffDefinition> definition_from_proto(const v1::TariffDefinition& proto) {
    TariffDefinition definition;
    definition.time_zone = proto.time_zone();
    for (int i = 0; i < proto.seasons_size(); ++i) {
        PREPAY_ASSIGN_OR_RETURN(
            Season season,
            season_from_proto(proto.seasons(i), "definition.seasons[" + std::to_string(i) + "]"));
        definition.seasons.push_back(std::move(season));
    }
    for (int i = 0; i < proto.holidays_size(); ++i) {
        PREPAY_ASSIGN_OR_RETURN(
            const CivilDate date,
            date_from_text("definition.holidays[" + std::to_string(i) + "]", proto.holidays(i)));
        definition.holidays.push_back(date);
    }
    if (!v1::TierSpan_IsValid(proto.tier_span())) {
        return field_invalid("definition.tier_span", "not a tier span");
    }
    definition.tier_span = static_cast<TierSpan>(proto.tier_span());
    for (const v1::Tier& tier : proto.tiers()) {
        Tier target;
        target.upper_bound = tier.upper_bound();
        for (const v1::PeriodPrice& price : tier.prices()) {
            if (!v1::RatePeriod_IsValid(price.period())) {
                return field_invalid("definition.tiers.prices.period", "not a rate period");
            }
            target.prices.push_back({static_cast<RatePeriod>(price.period()),
                                     Price::from_micros(price.price_micros())});
        }
        definition.tiers.push_back(std::move(target));
    }
    return definition;
}

v1::TariffDefinition to_proto(const TariffDefinition& definition) {
    v1::TariffDefinition proto;
    proto.set_time_zone(definition.time_zone);
    for (const Season& season : definition.seasons) {
        *proto.add_seasons() = to_proto(season);
    }
    for (const CivilDate& date : definition.holidays) {
        proto.add_holidays(date_text(date));
    }
    proto.set_tier_span(static_cast<v1::TierSpan>(definition.tier_span));
    for (const Tier& tier : definition.tiers) {
        v1::Tier* target = proto.add_tiers();
        target->set_upper_bound(tier.upper_bound);
        for (const PeriodPrice& price : tier.prices) {
            v1::PeriodPrice* target_price = target->add_prices();
            target_price->set_period(static_cast<v1::RatePeriod>(price.period));
            target_price->set_price_micros(price.price.micros());
        }
    }
    return proto;
}

std::string definition_to_json(const TariffDefinition& definition) {
    std::string json;
    const auto status = google::protobuf::util::MessageToJsonString(to_proto(definition), &json);
    PREPAY_ASSERT(status.ok());
    return json;
}

TariffDefinition definition_from_json(const std::string& json) {
    v1::TariffDefinition proto;
    const auto status = google::protobuf::util::JsonStringToMessage(json, &proto);
    PREPAY_ASSERT(status.ok());
    Result<TariffDefinition> definition = definition_from_proto(proto);
    PREPAY_ASSERT(definition.ok());
    return *std::move(definition);
}

v1::TariffVersion to_proto(const std::string& tariff_id, const StoredVersion& version) {
    v1::TariffVersion proto;
    proto.set_tariff_id(tariff_id);
    proto.set_version(version.version);
    set_time(*proto.mutable_effective_time(), version.effective);
    *proto.mutable_definition() = to_proto(version.definition);
    proto.set_create_user(version.create_user);
    set_time(*proto.mutable_create_time(), version.create_time);
    return proto;
}

v1::Tariff to_proto(const StoredTariff& tariff) {
    v1::Tariff proto;
    proto.set_tariff_id(tariff.tariff_id);
    proto.set_display_name(tariff.display_name);
    proto.set_resource(to_proto(tariff.resource));
    for (const StoredVersion& version : tariff.versions) {
        *proto.add_versions() = to_proto(tariff.tariff_id, version);
    }
    proto.set_assigned_meter_count(tariff.assigned_meter_count);
    return proto;
}

v1::Assignment to_proto(const StoredAssignment& assignment) {
    v1::Assignment proto;
    proto.set_meter_id(assignment.meter_id);
    proto.set_tariff_id(assignment.tariff_id);
    set_time(*proto.mutable_start_time(), assignment.start);
    if (assignment.end) {
        set_time(*proto.mutable_end_time(), *assignment.end);
    }
    if (assignment.meter_resource) {
        proto.set_meter_resource(to_proto(*assignment.meter_resource));
    }
    proto.set_wrong_resource_reading_count(assignment.wrong_resource_reading_count);
    return proto;
}

}  // namespace prepay::billing
