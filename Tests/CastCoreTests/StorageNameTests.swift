import CastCore
import Foundation
import Testing

@Suite struct StorageNameTests {
    @Test(arguments: [
        ("Plain title", "Plain_title"),
        ("a/b\\c:d*e?f\"g<h>i|j", "a_b_c_d_e_f_g_h_i_j"),
        ("../../etc/passwd", "etc_passwd"),
        ("  spaced   out \n", "spaced_out"),
        ("Über die Geschichte", "Über_die_Geschichte"),
        ("第一話　はじめに", "第一話_はじめに"),
        ("-rf", "rf"),
        (".hidden", "hidden"),
        ("", "unnamed"),
        ("///", "unnamed"),
        ("zero\u{200B}width\u{202E}", "zerowidth"),
        ("nul\u{0}byte", "nul_byte"),
    ])
    func `a title becomes a name`(title: String, name: String) {
        #expect(StorageName.safe(title) == name)
    }

    @Test func `a name is never longer than the file system allows`() {
        #expect(StorageName.safe(String(repeating: "語", count: 300)).utf8.count <= 200)
        #expect(StorageName.safe(String(repeating: "a", count: 300)).count == 80)
        #expect(StorageName.safe(String(repeating: "👩‍👩‍👧‍👦", count: 80)).utf8.count <= 200)
    }

    @Test func `the day is the publication's, in UTC`() {
        let date = Date(timeIntervalSince1970: 1_700_000_000)
        #expect(StorageName.stem(title: "T", publishedAt: date, now: .distantPast) == "2023-11-14_T")
        #expect(StorageName.stem(title: "T", publishedAt: nil, now: date) == "2023-11-14_T")
    }

    @Test func `the first number that is free is taken`() {
        let taken: Set = ["a", "a_2"]
        #expect(StorageName.unique("a") { taken.contains($0) } == "a_3")
        #expect(StorageName.unique("b") { taken.contains($0) } == "b")
    }
}
