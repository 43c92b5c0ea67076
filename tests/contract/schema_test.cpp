#include <catch2/catch.hpp>
#include <map>
#include <regex>

#include "golden.h"
#include "support/test_database.h"
#include "support/topology.h"
#include "tidy/source_tree.h"

using namespace prepay;

namespace {

// Schema word -> the service's steps, as CMake embeds them.
std::map<std::string, std::vector<pg::Migration>> migrations() {
    static const std::regex step("^services/([^/]+)/migrations/([^/]+\\.sql)$");
    std::map<std::string, std::vector<pg::Migration>> found;
    for (const tidy::SourceFile& file : tidy::source_tree()) {  // In order.
        std::smatch match;
        if (std::regex_search(file.path, match, step) && !file.path.ends_with(".test.sql")) {
            found[test::topology().service(match[1]).schema].push_back({match[2], file.text});
        }
    }
    return found;
}

// Each query gives one text column; lines of all together describe a schema.
const char* const kQueries[] = {
    // Tables and partitions.
    "SELECT 'table ' || c.relname || coalesce(' ' || array_to_string(c.reloptions, ' '), '')"
    " || CASE WHEN c.relkind = 'p' THEN ' partition by ' || pg_get_partkeydef(c.oid) ELSE '' END"
    " || coalesce(' ' || pg_get_expr(c.relpartbound, c.oid), '')"
    " FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') ORDER BY "
    "1",
    // Columns.
    "SELECT 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, "
    "a.atttypmod)"
    " || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END"
    " || CASE a.attidentity WHEN 'a' THEN ' identity' WHEN 'd' THEN ' identity by default' ELSE '' "
    "END"
    " || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')"
    " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT "
    "a.attisdropped"
    " LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum"
    " WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') ORDER BY 1",
    // Constraints.
    "SELECT 'constraint ' || c.relname || '.' || k.conname || ' ' || pg_get_constraintdef(k.oid)"
    " FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
    " WHERE k.connamespace = $1::regnamespace ORDER BY 1",
    // Indexes that no constraint made.
    "SELECT 'index ' || pg_get_indexdef(i.indexrelid) FROM pg_index i"
    " JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = $1::regnamespace"
    " AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid) ORDER BY 1",
    // Views, functions, triggers.
    "SELECT 'view ' || viewname || ' ' || definition FROM pg_views WHERE schemaname = $1 ORDER BY "
    "1",
    "SELECT 'function ' || pg_get_functiondef(p.oid) FROM pg_proc p"
    " WHERE p.pronamespace = $1::regnamespace ORDER BY 1",
    "SELECT 'trigger ' || pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = "
    "t.tgrelid"
    " WHERE c.relnamespace = $1::regnamespace AND NOT t.tgisinternal ORDER BY 1",
    // Who may do what, where it is not the owner's everything.
    "SELECT 'grants ' || c.relname || ' ' || array_to_string(c.relacl, ' ') FROM pg_class c"
    " WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') AND c.relacl IS NOT NULL"
    " ORDER BY 1",
};

std::string dump(const test::TestDatabase& files, const std::string& schema) {
    std::string text;
    const auto database = files.open(1);
    const Status status = database->read([&](pqxx::work& tx) {
        for (const char* query : kQueries) {
            for (const auto& row : tx.exec_params(query, schema)) {
                text += row[0].as<std::string>() + "\n";
            }
        }
        return absl::OkStatus();
    });
    REQUIRE(status.ok());
    // The test's own role stands for the service's.
    return std::regex_replace(text, std::regex("prepay_test_[a-z0-9_]+"), "prepay_" + schema);
}

}  // namespace

TEST_CASE("The migrations of each service make the committed schema") {
    if (!test::TestDatabase::available()) {
        WARN("SKIPPED: no PREPAY_TEST_PG_URL");
        return;
    }
    const auto services = migrations();
    CHECK(services.size() == test::topology().services.size());
    for (const auto& [schema, steps] : services) {
        CAPTURE(schema);
        const test::TestDatabase files(schema, steps);
        const std::string text = dump(files, schema);
        contract::check_golden("schema/" + schema + ".txt", text);

        // docs/style.md, SQL: no floating point, no zoneless time, constraints named by what they
        // are.
        CHECK_FALSE(
            std::regex_search(text, std::regex("\\ncolumn [^\\n]*(double precision|real)\\b")));
        CHECK_FALSE(std::regex_search(text, std::regex("\\ncolumn [^\\n]*timestamp without")));
        static const std::regex constraint("constraint (\\S+)\\.(\\S+)");
        for (auto match = std::sregex_iterator(text.begin(), text.end(), constraint);
             match != std::sregex_iterator(); ++match) {
            CAPTURE((*match)[0].str());
            CHECK(std::regex_search((*match)[2].str(), std::regex("^(pk|uq|fk|ck|ex)_|_p[0-9]+")));
        }
    }
}
