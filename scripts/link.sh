#!/bin/sh
# The linker of the plugin. The SDK exports every callback there is, and a host
# calls each one that it finds, for every request. What the plugin doesn't
# implement isn't exported; the linker then leaves out what is behind it.
set -eu
# Not here: proxy_on_log, proxy_on_response_body and so on, where the SDK does nothing.
needed=' proxy_on_configure proxy_on_context_create proxy_on_delete proxy_on_done
 proxy_on_http_call_response proxy_on_request_body
 proxy_on_request_headers proxy_on_request_trailers proxy_on_response_headers
 proxy_on_tick proxy_on_vm_start '
needed=$(printf '%s' "$needed" | tr '\n' ' ')

# Each argument is taken from the front and, if it stays, put at the end.
left=$#
while [ "$left" -gt 0 ]; do
    argument=$1
    shift
    left=$((left - 1))
    if [ "$argument" = --export ] && [ "$left" -gt 0 ]; then
        case "$1" in
        proxy_on_*)
            case "$needed" in
            *" $1 "*) ;;
            *)
                shift
                left=$((left - 1))
                continue
                ;;
            esac
            ;;
        esac
    fi
    set -- "$@" "$argument"
done
# Places in the code are written as short as they are: without, each call and
# each address takes five bytes.
exec "${WASM_LD:-rust-lld}" "$@" --compress-relocations
