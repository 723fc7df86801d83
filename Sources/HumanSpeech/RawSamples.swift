import Foundation

/// Files of raw samples: 16 kHz, mono, 16 bits, little-endian.
package enum RawSamples {
    package static func read(_ path: String) throws -> [Int16] {
        self.of(try Data(contentsOf: URL(filePath: path)))
    }

    /// The samples in a file's whole content.
    static func of(_ content: Data) -> [Int16] {
        // As every machine that this runs on has them: the lower byte first.
        content.withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
    }
}
