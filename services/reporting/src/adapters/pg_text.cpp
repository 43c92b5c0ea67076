#include "adapters/pg_text.h"

#include "core/assert.h"

namespace prepay::reporting {

const char* to_db(FeeState state) {
    switch (state) {
        case FeeState::kNormal:
            return "normal";
        case FeeState::kLow1:
            return "low_1";
        case FeeState::kLow2:
            return "low_2";
        case FeeState::kLow3:
            return "low_3";
        case FeeState::kArrears:
            return "arrears";
        case FeeState::kCut:
            return "cut";
    }
    return "normal";
}

FeeState fee_state_from_db(const std::string& text) {
    for (const FeeState state : {FeeState::kNormal, FeeState::kLow1, FeeState::kLow2,
                                 FeeState::kLow3, FeeState::kArrears, FeeState::kCut}) {
        if (text == to_db(state)) {
            return state;
        }
    }
    PREPAY_ASSERT(!"fee state of the table");
    return FeeState::kNormal;
}

const char* to_db(Relay relay) {
    switch (relay) {
        case Relay::kUnknown:
            return "unknown";
        case Relay::kClosed:
            return "closed";
        case Relay::kOpen:
            return "open";
    }
    return "unknown";
}

Relay relay_from_db(const std::string& text) {
    for (const Relay relay : {Relay::kUnknown, Relay::kClosed, Relay::kOpen}) {
        if (text == to_db(relay)) {
            return relay;
        }
    }
    PREPAY_ASSERT(!"relay of the table");
    return Relay::kUnknown;
}

const char* to_db(Resource resource) {
    return resource == Resource::kWater ? "water" : "electricity";
}

Resource resource_from_db(const std::string& text) {
    for (const Resource resource : {Resource::kElectricity, Resource::kWater}) {
        if (text == to_db(resource)) {
            return resource;
        }
    }
    PREPAY_ASSERT(!"resource of the table");
    return Resource::kElectricity;
}

}  // namespace prepay::reporting
