import CastCore
import EmbeddedPages
package import Foundation

/// The files that the pages are made of; they are inside the program, so that it runs from any place.
package enum PageFiles {
    /// A file that a page asks for, ready to be sent.
    package struct Asset: Sendable {
        package var bytes: Data
        package var contentType: String
        /// Changes with the content: an address that carries it may be kept by browsers for ever.
        package var hash: String
    }

    /// What is served below `/assets/`; nil for any other name, the templates' included.
    package static func asset(_ name: String) -> Asset? {
        let types = [
            "app.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8",
            "icon.svg": "image/svg+xml",
        ]
        guard let type = types[name], let bytes = self.bytes(name) else { return nil }
        return Asset(bytes: bytes, contentType: type, hash: self.hash(bytes))
    }

    static func address(_ name: String) throws -> String {
        guard let asset = self.asset(name) else { throw CastError(.internalFault, "\(name) is not in the program.") }
        return "/assets/\(name)?v=\(asset.hash)"
    }

    /// The templates by their names without ending.
    package static var templates: [String: String] {
        var templates: [String: String] = [:]
        var index = 0
        while let pointer = embedded_pages_name(index) {
            index += 1
            let name = String(cString: pointer)
            guard name.hasSuffix(".mustache"), let bytes = self.bytes(name) else { continue }
            templates[String(name.dropLast(".mustache".count))] = String(decoding: bytes, as: UTF8.self)
        }
        return templates
    }

    private static func bytes(_ name: String) -> Data? {
        var count = 0
        guard let pointer = embedded_pages_file(name, &count) else { return nil }
        return Data(bytes: pointer, count: count)
    }

    /// FNV-1a: it has to tell versions apart, not to resist anybody.
    private static func hash(_ bytes: Data) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }
}
