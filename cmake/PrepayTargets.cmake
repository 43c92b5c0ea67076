# The few functions all targets are made with.

# Options of our own code; generated code and vendor headers are SYSTEM and exempt.
add_library(prepay_options INTERFACE)
target_compile_options(prepay_options INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)

# Several sources of a target in one compilation: the headers of gRPC, protobuf and libpqxx cost more
# than our code, and are read once. The presets without it prove that every file stands alone.
option(PREPAY_UNITY "Compile the sources of libraries together" OFF)
function(prepay_unite target)
    if(PREPAY_UNITY)
        set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
        # A type of an anonymous namespace in an included source is no type of a header.
        target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
    endif()
endfunction()

# For who wants the headers without compiling anything.
add_custom_target(prepay_generated)

# prepay_proto(<package> [DEPENDS <package>…]): one library per proto package, compiled once.
# Sources are proto/prepay/<package>/v1/*.proto below SOURCE_DIR (default: proto/).
function(prepay_proto package)
    cmake_parse_arguments(ARG "" "SOURCE_DIR" "DEPENDS" ${ARGN})
    if(NOT ARG_SOURCE_DIR)
        set(ARG_SOURCE_DIR ${CMAKE_SOURCE_DIR}/proto)
    endif()
    set(out ${CMAKE_BINARY_DIR}/generated/${package})
    file(MAKE_DIRECTORY ${out})
    file(GLOB protos CONFIGURE_DEPENDS ${ARG_SOURCE_DIR}/prepay/${package}/v1/*.proto)
    set(sources "")
    foreach(proto ${protos})
        file(RELATIVE_PATH relative ${ARG_SOURCE_DIR} ${proto})
        string(REGEX REPLACE "\\.proto$" "" stem ${relative})
        file(STRINGS ${proto} has_service REGEX "^service ")
        set(outputs ${out}/${stem}.pb.cc ${out}/${stem}.pb.h)
        set(grpc_arguments "")
        if(has_service)
            list(APPEND outputs ${out}/${stem}.grpc.pb.cc ${out}/${stem}.grpc.pb.h)
            set(grpc_arguments --grpc_out=${out} --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>)
        endif()
        add_custom_command(
            OUTPUT ${outputs}
            COMMAND protobuf::protoc -I${ARG_SOURCE_DIR} -I${CMAKE_SOURCE_DIR}/proto --cpp_out=${out} ${grpc_arguments} ${proto}
            DEPENDS ${proto} VERBATIM)
        set_source_files_properties(${outputs} PROPERTIES UNITY_GROUP ${stem})
        list(APPEND sources ${outputs})
    endforeach()
    add_library(prepay_proto_${package} STATIC ${sources})
    if(PREPAY_UNITY)  # A file's messages and services; two files do not go together.
        set_target_properties(prepay_proto_${package} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
    endif()
    add_custom_target(prepay_generated_${package} DEPENDS ${sources})
    add_dependencies(prepay_generated prepay_generated_${package})
    target_include_directories(prepay_proto_${package} SYSTEM PUBLIC ${out})
    target_compile_options(prepay_proto_${package} PRIVATE -O1 -w)
    target_link_libraries(prepay_proto_${package} PUBLIC gRPC::grpc++ protobuf::libprotobuf)
    foreach(dependency ${ARG_DEPENDS})
        target_link_libraries(prepay_proto_${package} PUBLIC prepay_proto_${dependency})
        add_dependencies(prepay_proto_${package} prepay_proto_${dependency})
    endforeach()
endfunction()

# prepay_library(<name> LINK …): one of libs/, sources by glob, SQL migrations embedded.
function(prepay_library name)
    cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
    prepay_embed_migrations(${CMAKE_CURRENT_SOURCE_DIR}/${name}/migrations ${name} embedded)
    add_library(prepay_${name} STATIC ${sources} ${embedded})
    prepay_unite(prepay_${name})
    target_include_directories(prepay_${name} PUBLIC ${CMAKE_SOURCE_DIR}/libs ${CMAKE_BINARY_DIR}/embedded)
    target_link_libraries(prepay_${name} PUBLIC ${ARG_LINK} PRIVATE prepay_options)
endfunction()

# Makes a source that defines `const std::vector<pg::Migration>& prepay::<name>_migrations()` from
# the *.sql files of a folder, so that a binary needs no files beside it, and its header
# "<name>_migrations.h" in the folder embedded/ of the build.
function(prepay_embed_migrations folder name result)
    set(${result} "" PARENT_SCOPE)
    file(GLOB steps CONFIGURE_DEPENDS ${folder}/*.sql)
    list(FILTER steps EXCLUDE REGEX "\\.test\\.sql$")
    if(NOT steps)
        return()
    endif()
    list(SORT steps)
    string(MAKE_C_IDENTIFIER ${name} id)
    set(declaration "#include \"pg/migrate.h\"\nnamespace prepay {\nconst std::vector<pg::Migration>& ${id}_migrations();\n}\n")
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/embedded/${id}_migrations.h CONTENT "#pragma once\n${declaration}" @ONLY)
    set(code "${declaration}namespace prepay {\nconst std::vector<pg::Migration>& ${id}_migrations() {\n    static const std::vector<pg::Migration> steps = {\n")
    foreach(step ${steps})
        file(READ ${step} sql)
        get_filename_component(file_name ${step} NAME)
        string(APPEND code "        {\"${file_name}\", R\"prepay_sql(${sql})prepay_sql\"},\n")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${step})
    endforeach()
    string(APPEND code "    };\n    return steps;\n}\n}  // namespace prepay\n")
    set(file ${CMAKE_CURRENT_BINARY_DIR}/${name}_migrations.cpp)
    file(CONFIGURE OUTPUT ${file} CONTENT "${code}" @ONLY)
    set(${result} ${file} PARENT_SCOPE)
endfunction()

# All that prepay_service() makes.
add_custom_target(prepay-services)

# prepay_service(<name> PROTOS <package>… [DOMAIN <target>…] [ADAPTERS <target>…]): the executable
# prepay-<name> from services/<name>/src, in layers, each a static library that tests link too:
#   prepay_<id>_domain    src/[<feature>/]domain/*.cpp               pure
#   prepay_<id>_app       src/[<feature>/]app/*.cpp                  use cases
#   prepay_<id>_adapters  src/[<feature>/]{adapters/*,convert}.cpp src/{metrics,config,wiring}.cpp, migrations
# A family of features (protocols, transports) has a folder for each: src/<family>/<member>/<layer>.
function(prepay_service name)
    cmake_parse_arguments(ARG "" "" "PROTOS;DOMAIN;ADAPTERS" ${ARGN})
    string(MAKE_C_IDENTIFIER ${name} id)
    set(src ${CMAKE_CURRENT_SOURCE_DIR}/src)
    file(GLOB domain CONFIGURE_DEPENDS ${src}/domain/*.cpp ${src}/*/domain/*.cpp ${src}/*/*/domain/*.cpp)
    file(GLOB app CONFIGURE_DEPENDS ${src}/app/*.cpp ${src}/*/app/*.cpp)
    file(GLOB adapters CONFIGURE_DEPENDS ${src}/adapters/*.cpp ${src}/*/adapters/*.cpp ${src}/*/*/adapters/*.cpp
         ${src}/*/convert.cpp ${src}/convert.cpp ${src}/metrics.cpp ${src}/config.cpp ${src}/wiring.cpp)
    prepay_embed_migrations(${CMAKE_CURRENT_SOURCE_DIR}/migrations ${name} embedded)
    set(protos ${ARG_PROTOS})
    list(TRANSFORM protos PREPEND prepay_proto_)

    set(layers "")
    if(domain)
        add_library(prepay_${id}_domain STATIC ${domain})
        target_link_libraries(prepay_${id}_domain PUBLIC prepay_quantity prepay_core ${ARG_DOMAIN} PRIVATE prepay_options)
        list(APPEND layers prepay_${id}_domain)
    endif()
    if(app)
        add_library(prepay_${id}_app STATIC ${app})
        target_link_libraries(prepay_${id}_app PUBLIC ${layers} prepay_telemetry PRIVATE prepay_options)
        list(PREPEND layers prepay_${id}_app)
    endif()
    if(adapters OR embedded)
        add_library(prepay_${id}_adapters STATIC ${adapters} ${embedded})
        target_link_libraries(prepay_${id}_adapters PUBLIC ${layers} ${protos} prepay_runtime ${ARG_ADAPTERS} PRIVATE prepay_options)
        list(PREPEND layers prepay_${id}_adapters)
    endif()
    foreach(layer ${layers})
        prepay_unite(${layer})
        target_include_directories(${layer} PUBLIC ${src} ${CMAKE_BINARY_DIR}/embedded)
    endforeach()
    file(GLOB main CONFIGURE_DEPENDS ${src}/main.cpp)
    if(main)
        add_executable(prepay-${name} ${main})
        target_link_libraries(prepay-${name} PRIVATE ${layers} prepay_runtime prepay_options)
        add_dependencies(prepay-services prepay-${name})
    endif()
endfunction()
