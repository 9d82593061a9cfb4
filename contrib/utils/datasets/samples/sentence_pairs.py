"""Sentence pairs written for this project, with scores 0 to 5, in the layout of GLUE's STS-B.

They are scored by the scale of the STS tasks: 5 the same meaning, 4 the same but for unimportant details, 3 roughly the
same but something important differs, 2 not the same but some details are shared, 1 not the same but on the same topic,
0 different topics. There is one judgement a pair, where the benchmark has the mean of several people's. Some pairs are
meant to be hard: few words in common and the same meaning, or nearly all words in common and another one.
"""

from __future__ import annotations

from pathlib import Path

from utils.datasets.samples.once import written_once

PAIRS = (
    # the same
    (5.0, "A man is playing the guitar on a stage.", "On a stage, a man plays the guitar."),
    (5.0, "The meeting was put off until Monday.", "The meeting was postponed to Monday."),
    (5.0, "She bought a car last week.", "Last week she purchased a car."),
    (5.0, "The shop closes at six in the evening.", "The store shuts at 6 pm."),
    (4.8, "Children are kicking a ball around in the park.", "Kids are playing football in the park."),
    (5.0, "It rained the whole night.", "The rain went on all night long."),
    (5.0, "The doctor told him to stop smoking.", "He was told by his doctor to give up smoking."),
    (4.8, "My flight leaves at half past nine.", "My plane departs at 9:30."),
    (5.0, "The bridge was closed because of strong winds.", "Strong winds caused the closure of the bridge."),
    (4.8, "How do I reset my password?", "I forgot my password, how can I set a new one?"),
    (5.0, "The cat is asleep on the sofa.", "The cat is sleeping on the couch."),
    (5.0, "Nobody was hurt in the accident.", "The accident left no one injured."),
    (4.8, "The soup is far too salty.", "There is much too much salt in the soup."),
    (5.0, "The company hired forty new engineers.", "Forty new engineers were hired by the company."),
    (4.8, "He is afraid of dogs.", "Dogs frighten him."),
    (5.0, "They were married in 1998.", "Their wedding was in 1998."),
    (4.6, "The exam was easier than I had expected.", "I thought that the exam would be harder than it was."),
    (5.0, "Water boils at a hundred degrees Celsius.", "The boiling point of water is 100 °C."),
    (4.8, "The lift is out of order.", "The elevator is not working."),
    (5.0, "The team won the final by two goals.", "The final was won by the team with a lead of two goals."),
    (4.8, "Please turn off the lights when you leave.", "Switch the lights off on your way out, please."),
    (5.0, "The old library has been torn down.", "The old library was demolished."),
    (4.6, "I could not care less about golf.", "Golf does not interest me at all."),
    (5.0, "Prices rose by three per cent in May.", "In May, prices went up 3 percent."),
    # the same but for details
    (4.2, "A woman is slicing an onion.", "A woman is cutting a red onion."),
    (4.0, "The president will visit Japan next month.", "The president is to travel to Japan in four weeks."),
    (4.0, "A dog runs along the beach.", "A brown dog is running on the sandy beach."),
    (4.2, "The train from Lyon was twenty minutes late.", "The train from Lyon was about half an hour late."),
    (4.0, "Two boys are swimming in a lake.", "Two young boys are swimming together in a cold lake."),
    (4.2, "The recipe needs three eggs and a cup of flour.", "You need three eggs and a cup of white flour for it."),
    (4.0, "The museum has free entry on Sundays.", "You can get into the museum for nothing every Sunday morning."),
    (4.0, "She studies chemistry in Vienna.", "She is a chemistry student at a university in Vienna."),
    (4.2, "A storm knocked out power to many homes.", "Thousands of homes lost power in the storm."),
    (4.0, "The actor was arrested for drunk driving.", "The actor was arrested on Friday for driving drunk."),
    (4.2, "An old man is feeding pigeons in a square.", "An elderly man feeds the birds in the square."),
    (4.0, "The phone has a bigger screen than the last one.", "Its screen is slightly bigger than the older one's."),
    (4.0, "He repairs bicycles for a living.", "He earns his money by fixing bikes in a small shop."),
    (4.2, "The court rejected the appeal.", "The judges turned down his appeal."),
    (4.0, "Heavy snow closed the mountain pass.", "The pass was closed yesterday after heavy snowfall."),
    (4.2, "Is there a pharmacy near the station?", "Where is the nearest pharmacy to the station?"),
    (4.0, "A girl in a red dress is dancing.", "A little girl is dancing in a dress."),
    (4.0, "The software update fixes a security hole.", "A security flaw is closed by the latest update."),
    (4.2, "The band played for almost three hours.", "The concert of the band went on for nearly three hours."),
    (3.8, "The river burst its banks after days of rain.", "Days of rain made the river flood the town."),
    (3.8, "A chef is preparing fish in a kitchen.", "A cook prepares a meal of fish."),
    (4.0, "Sales of electric cars doubled last year.", "Twice as many electric cars were sold last year in Europe."),
    (3.8, "The baby laughs at the puppy.", "The baby is laughing while a puppy jumps around."),
    (4.0, "The hotel is a short walk from the beach.", "It takes five minutes on foot from the hotel to the sea."),
    # roughly the same, something important differs
    (3.0, "A man is riding a horse.", "A woman is riding a horse."),
    (3.2, "The committee approved the budget.", "The committee approved most of the budget after a long debate."),
    (3.0, "A boy is playing the violin.", "A boy is playing the piano."),
    (3.2, "The fire destroyed the factory.", "The fire damaged a part of the factory."),
    (3.0, "She flew to Madrid on Tuesday.", "She flew to Lisbon on Tuesday."),
    (3.0, "The vaccine protects against measles.", "The vaccine protects against measles and mumps for ten years."),
    (3.2, "Five people were injured in the crash.", "The crash killed one person and injured five."),
    (3.0, "The shares fell by two per cent.", "The shares fell sharply, by twelve per cent."),
    (3.0, "A cat is drinking milk.", "A cat is eating fish."),
    (2.8, "He has lived in Oslo for ten years.", "He lived in Oslo when he was a child."),
    (3.2, "I would like to cancel my order.", "I would like to change the address of my order."),
    (3.0, "The film is based on a novel.", "The film is based on a true story."),
    (2.8, "A woman is washing her car.", "A woman is driving her car."),
    (3.0, "Bring the milk to the boil and add the rice.", "Bring the milk to the boil and add the chocolate."),
    (3.2, "The school will open again in September.", "The school may open again in the autumn."),
    (3.0, "The striker scored twice in the first half.", "The striker scored once before half-time."),
    (2.8, "Two dogs are fighting over a stick.", "Two dogs are playing with a ball."),
    (3.2, "Scientists found water ice on the moon.", "Scientists believe there may be ice on the moon."),
    (3.0, "The minister resigned over the scandal.", "The minister refused to resign over the scandal."),
    (2.8, "My laptop does not start any more.", "My laptop has become very slow."),
    (3.0, "The boy gave the girl a book.", "The girl gave the boy a book."),
    (3.0, "The new road will cut the journey by an hour.", "The new road will cost four million euros."),
    (2.6, "People are waiting for a bus in the rain.", "People are standing in a queue outside a shop."),
    (2.8, "The bakery sells bread and cakes.", "The bakery has stopped selling bread."),
    (3.2, "The patient recovered within a week.", "The patient is slowly recovering."),
    (3.0, "A plane is taking off.", "A plane is landing."),
    # some details are shared
    (2.0, "A man is chopping wood.", "A man is carrying a log into a house."),
    (2.0, "The dog is chasing a cat.", "The cat is sleeping beside the dog."),
    (2.2, "She wrote a book about the war.", "She read a book about the history of Rome."),
    (2.0, "The bank raised its interest rate.", "The bank is going to close forty branches."),
    (2.0, "Children are building a castle of sand.", "Children are collecting shells on the beach."),
    (1.8, "He broke his leg while skiing.", "He won a medal in skiing."),
    (2.0, "The restaurant has a view of the harbour.", "The restaurant serves very good pizza."),
    (2.2, "A woman is peeling potatoes.", "A woman is frying eggs in a pan."),
    (2.0, "The election will be held in June.", "The election was won by the opposition."),
    (1.8, "The car needs new tyres.", "The car was stolen from a garage."),
    (2.0, "How long does the battery last?", "Can I replace the battery by myself?"),
    (2.0, "The teacher explained the exercise twice.", "The teacher gave the class no homework."),
    (1.8, "A girl is climbing a tree.", "A girl is sitting on a swing in the garden."),
    (2.2, "Police arrested two men after the robbery.", "Police are looking for witnesses of a fire."),
    (2.0, "The concert was sold out within minutes.", "The concert had to be cancelled."),
    (1.8, "A red bus drives past a church.", "A red bicycle leans against a wall."),
    (2.0, "The orchestra is looking for a new conductor.", "The orchestra plays twice a week in summer."),
    (2.0, "You can pay by card or in cash.", "I paid too much for that card."),
    (1.6, "The astronaut spent six months in space.", "The rocket exploded soon after the start."),
    (2.0, "He grows tomatoes on his balcony.", "He made a salad of tomatoes and cheese."),
    (1.8, "The runner fell in the last lap.", "A runner is tying her shoes."),
    (2.0, "The painting was sold for a million dollars.", "The painting shows a ship in a storm."),
    (2.2, "Rain is expected at the weekend.", "The weekend will be sunny in the south."),
    (1.8, "The nurse works at night.", "The nurse visited her mother."),
    # the same topic
    (1.0, "A man is playing chess.", "A man is playing tennis."),
    (1.2, "The recipe takes an hour.", "This knife is good for cutting vegetables."),
    (1.0, "The striker was sent off.", "Tickets for the stadium can be bought online."),
    (1.0, "The price of oil has fallen.", "A new wind farm is being built off the coast."),
    (1.2, "Whales can dive for more than an hour.", "Penguins cannot fly."),
    (1.0, "The piano is out of tune.", "She has sung in a choir since she was nine."),
    (1.0, "The court will decide in March.", "The lawyer has an office in the city centre."),
    (1.2, "My tooth hurts.", "I need an appointment with an eye doctor."),
    (1.0, "The train to Geneva is full.", "There is a new airport in the north."),
    (0.8, "The apple tree is in flower.", "We bought oranges on the market."),
    (1.0, "The printer is out of paper.", "The keyboard has no key for the euro sign."),
    (1.0, "The novel has four hundred pages.", "The library opens at ten."),
    (1.2, "Mars has two small moons.", "The telescope took a picture of a far galaxy."),
    (1.0, "He boiled an egg.", "The kitchen was painted yellow."),
    (1.0, "The senator gave a speech on taxes.", "The mayor opened a new school."),
    (0.8, "The goalkeeper wore gloves.", "The swimmer broke a record."),
    (1.0, "Our dog barks at the postman.", "My parrot can say its name."),
    (1.2, "The hotel room was dirty.", "We slept in a tent by the river."),
    (1.0, "The tailor shortened the trousers.", "These shoes are too tight."),
    (0.8, "The class went on a trip to the zoo.", "Her son is bad at mathematics."),
    (1.0, "The tooth of the gear is broken.", "The engine makes a strange noise."),
    (1.0, "The wheat harvest was poor this year.", "Farmers are protesting against the new law."),
    (1.2, "The ferry takes two hours to the island.", "Fishermen returned to the harbour at dawn."),
    (0.8, "He plays the drums.", "The radio is too loud."),
    # different topics
    (0.0, "A man is playing the guitar.", "The recipe needs two cups of sugar."),
    (0.0, "The parliament passed the law.", "My cat has blue eyes."),
    (0.2, "The bank of the river is steep.", "The bank refused to lend him money."),
    (0.0, "Snow is falling on the mountains.", "The software needs a licence."),
    (0.0, "She is allergic to nuts.", "The train leaves from platform four."),
    (0.0, "The violin was made in 1720.", "Add the onions and fry them for five minutes."),
    (0.2, "He caught a cold.", "The water in the lake is cold."),
    (0.0, "The shop sells used bicycles.", "The moon is smaller than the earth."),
    (0.0, "Two women are talking in a café.", "The share price reached a new high."),
    (0.0, "The tree was struck by lightning.", "I would like to book a table for three."),
    (0.2, "The pitcher threw the ball.", "The pitcher is full of lemonade."),
    (0.0, "The dentist is on holiday.", "An octopus has three hearts."),
    (0.0, "The film starts at eight.", "Copper conducts electricity."),
    (0.0, "A child is drawing a house.", "The central bank lowered its forecast for growth."),
    (0.0, "The soup is getting cold.", "The general surrendered in 1945."),
    (0.2, "The match lasted five sets.", "He lit the candle with a match."),
    (0.0, "The roof needs to be repaired.", "Spanish is spoken in twenty countries."),
    (0.0, "The plane landed safely.", "She knitted a scarf for her brother."),
    (0.0, "Our neighbour keeps bees.", "The password must have twelve characters."),
    (0.0, "The desert is hot by day.", "The jury could not agree on a verdict."),
    (0.2, "The spring in the mattress is broken.", "In spring the swallows come back."),
    (0.0, "He shaved his beard.", "The tower is two hundred metres high."),
    (0.0, "The battery is empty.", "The poet was born in Lisbon."),
    (0.0, "A horse is grazing in the field.", "The invoice has to be paid within thirty days."),
    (0.0, "The choir practises on Thursdays.", "Vinegar removes limescale."),
    (0.0, "They painted the fence green.", "The virus spreads through the air."),
)  # fmt: skip
HEADER = ("index", "genre", "filename", "year", "old_index", "source1", "source2", "sentence1", "sentence2", "score")


@written_once
def write_pairs(folder: Path) -> None:
    """Write the pairs as GLUE has them: <folder>/dev.tsv, with all of its fields.

    The folder appears as a whole. One that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    rows = [HEADER]
    for number, (score, first, second) in enumerate(PAIRS):
        origin = ("written", "sentence_pairs", "none", f"{number:04}", "none", "none")
        rows.append((str(number), *origin, first, second, f"{score:.3f}"))
    (folder / "dev.tsv").write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
