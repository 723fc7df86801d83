package import Foundation

/// How deep a document's lists and objects go.
///
/// Foundation's decoder ends the process on a document that is nested more than 512 times, and takes long for one that is
/// nested nearly as deep, so no document gets there before this has looked at it.
package enum JSONNesting {
    /// A transcript has five levels.
    package static let limit = 32

    /// Where the first list or object too deep begins; nil when there is none.
    package static func offsetOfExcess(in document: Data) -> Int? {
        document.withUnsafeBytes { bytes in
            var depth = 0
            var isText = false
            var isEscaped = false
            for (offset, byte) in bytes.enumerated() {
                if isText {
                    if isEscaped {
                        isEscaped = false
                    } else if byte == UInt8(ascii: "\\") {
                        isEscaped = true
                    } else if byte == UInt8(ascii: "\"") {
                        isText = false
                    }
                    continue
                }
                switch byte {
                case UInt8(ascii: "\""): isText = true
                case UInt8(ascii: "["), UInt8(ascii: "{"):
                    depth += 1
                    if depth > Self.limit { return offset }
                case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
                default: break
                }
            }
            return nil
        }
    }
}
