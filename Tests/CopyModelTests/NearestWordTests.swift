// Suggestions.

import CopyModel
import Testing

struct NearestWordTests {
    @Test func `the nearest word is near`() {
        #expect(NearestWord.find("prise", among: ["price", "cost"]) == "price")
        #expect(NearestWord.find("Cost", among: ["price", "cost"]) == "cost")
        #expect(NearestWord.find("quantity", among: ["price", "cost"]) == nil)
    }
}
