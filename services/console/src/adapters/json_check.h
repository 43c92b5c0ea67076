#pragma once

#include <google/protobuf/descriptor.h>

#include <string>

#include "core/status.h"

namespace prepay::console {

/// Whether a text is JSON whose objects name no key twice, a field's two spellings being one key.
/// The parser of protobuf quotes what it cannot read, takes what is no JSON, and lets the last of
/// two keys win. INVALID_ARGUMENT / BAD_REQUEST, without a word of the text but known field names.
Status check_json(const google::protobuf::Descriptor& type, const std::string& text);

/// What to say of a text that protobuf's parser refused with `words`: "pageSize has a value that
/// does not fit", or "an unknown field; ListSitesRequest has pageSize, pageToken". Only names that
/// stand in the proto: an unknown one may be a secret that was typed in the wrong place.
std::string explain_refusal(const google::protobuf::Descriptor& type, const std::string& text,
                            const std::string& words);

}  // namespace prepay::console
