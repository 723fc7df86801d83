#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The system's converter, for encodings that Foundation does not know: GB 2312, Big5, EUC-KR, KOI8-R.
enum Iconv {
    /// The bytes as UTF-8, with a replacement character for each that fits nowhere; nil for an unknown encoding.
    static func utf8(_ bytes: [UInt8], from encoding: String) -> [UInt8]? {
        #if canImport(Glibc) || canImport(Musl)
            guard let converter = iconv_open("UTF-8", encoding), Int(bitPattern: converter) != -1 else { return nil }
            defer { iconv_close(converter) }
            var input = bytes
            var output: [UInt8] = []
            output.reserveCapacity(bytes.count * 2)
            var buffer = [CChar](repeating: 0, count: 16 << 10)
            input.withUnsafeMutableBytes { raw in
                var source = raw.bindMemory(to: CChar.self).baseAddress
                var left = raw.count
                while left > 0 {
                    let size = buffer.count
                    let (result, fault, room) = buffer.withUnsafeMutableBufferPointer { pointer in
                        var target = pointer.baseAddress
                        var room = size
                        let result = iconv(converter, &source, &left, &target, &room)
                        return (result, errno, room)
                    }
                    output.append(contentsOf: buffer.prefix(size - room).map { UInt8(bitPattern: $0) })
                    guard result == Int(bitPattern: UInt.max) || result == UInt.max, fault != E2BIG else { continue }
                    guard left > 0 else { break }
                    output.append(contentsOf: [0xEF, 0xBF, 0xBD])
                    source = source.map { $0 + 1 }
                    left -= 1
                }
            }
            // The converter is the system's: what it makes is looked at like all that comes from outside.
            return String(validating: output, as: UTF8.self) == nil ? nil : output
        #else
            return nil
        #endif
    }
}
